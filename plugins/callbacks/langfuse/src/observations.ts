// A finished call in Langfuse's terms: a trace, its generation, and spans for guardrails and for attempts.
import {
  contentIn,
  contentOut,
  standardLoggingPayload,
  type CallFinished,
  type EndedAttempt,
  type JsonObject,
  type JsonValue,
} from '@turnpike/plugin-sdk';
import type { Langfuse } from 'langfuse';
import { usageDetails } from './usage.js';
import { wishesOf, type TraceWishes } from './wishes.js';

type TraceBody = NonNullable<Parameters<Langfuse['trace']>[0]>;
type GenerationBody = Parameters<Langfuse['generation']>[0];
type SpanBody = Parameters<Langfuse['span']>[0];

export interface Observations {
  /** Absent for a trace that exists and stays as it is. */
  readonly trace?: TraceBody & { id: string };
  readonly generation: GenerationBody & { id: string; traceId: string };
  readonly spans: readonly (SpanBody & { id: string; traceId: string })[];
}

const MASKED = 'redacted-by-litellm';

/** @param defaultTags names of facts, such as `user_api_key_alias` */
export const observationsOf = (call: CallFinished, defaultTags: readonly string[]): Observations => {
  const wishes = wishesOf(call);
  const content = {
    input: hidden(contentIn(call), wishes.isInputMasked),
    output: hidden(contentOut(call), wishes.isOutputMasked),
  };
  const facts = standardLoggingPayload(call);
  const traceId = traceIdOf(call, wishes);
  const generation = {
    id: wishes.generationId ?? call.callId,
    traceId,
    name: wishes.generationName ?? (call.keyAlias ? `litellm:${call.keyAlias}` : defaultName(facts)),
    startTime: new Date(call.startedAt),
    endTime: new Date(call.endedAt),
    completionStartTime: firstTokenAt(call),
    model: call.upstreamModel ?? call.model,
    modelParameters: scalars(call.parameters),
    ...content,
    usageDetails: call.usage && usageDetails(call.usage),
    costDetails: call.costNanoUsd === undefined ? undefined : { total: call.costNanoUsd / 1e9 },
    metadata: metadataOf(call, facts, wishes),
    ...verdict(call),
    version: wishes.version,
    parentObservationId: wishes.parentObservationId,
    promptName: wishes.prompt?.name,
    promptVersion: wishes.prompt?.version,
  };
  return {
    trace: wishes.existingTraceId
      ? changesOf(wishes, content)
      : {
          id: traceId,
          timestamp: new Date(call.startedAt),
          name: wishes.traceName ?? defaultName(facts),
          userId: wishes.traceUserId ?? call.endUser,
          sessionId: wishes.sessionId ?? call.sessionId,
          version: wishes.traceVersion ?? wishes.version,
          release: wishes.traceRelease,
          metadata: wishes.traceMetadata,
          public: wishes.isPublic,
          tags: tagsOf(call, facts, wishes, defaultTags),
          ...content,
        },
    generation,
    spans: [...guardrailSpans(call, generation), ...attemptSpans(call, generation)],
  };
};

/** A session is no trace: calls of one conversation stay apart. */
const traceIdOf = (call: CallFinished, { existingTraceId, traceId }: TraceWishes): string =>
  existingTraceId ?? traceId ?? (call.traceId === call.sessionId ? call.callId : call.traceId);

const defaultName = ({ call_type: callType }: JsonObject): string => `litellm-${String(callType)}`;

/** Of an existing trace only what its client names is written. */
const changesOf = (
  wishes: TraceWishes,
  { input, output }: { input: JsonValue | undefined; output: JsonValue | undefined },
): Observations['trace'] => {
  const { existingTraceId, updateTraceKeys } = wishes;
  const changes: Record<string, TraceBody> = {
    trace_name: { name: wishes.traceName },
    trace_user_id: { userId: wishes.traceUserId },
    session_id: { sessionId: wishes.sessionId },
    trace_metadata: { metadata: wishes.traceMetadata },
    trace_version: { version: wishes.traceVersion },
    trace_release: { release: wishes.traceRelease },
    tags: { tags: [...wishes.tags] },
    input: { input },
    output: { output },
  };
  const chosen = updateTraceKeys.filter((key) => Object.hasOwn(changes, key));
  if (existingTraceId === undefined || chosen.length === 0) return undefined;
  return chosen.reduce<TraceBody & { id: string }>(
    (trace, key) => ({ ...trace, ...changes[key], id: existingTraceId }),
    {
      id: existingTraceId,
    },
  );
};

/** Absent content stays absent: it says that nothing may be told. */
const hidden = (content: JsonValue | undefined, isMasked: boolean): JsonValue | undefined =>
  content !== undefined && isMasked ? MASKED : content;

const firstTokenAt = ({ stream, startedAt, attempts, timeToFirstTokenMs }: CallFinished): Date | undefined => {
  if (!stream || timeToFirstTokenMs === undefined) return undefined;
  return new Date(Math.round((attempts.at(-1)?.startedAt ?? startedAt) + timeToFirstTokenMs));
};

const verdict = ({
  status,
  error,
}: CallFinished): { level: 'DEFAULT' | 'WARNING' | 'ERROR'; statusMessage?: string } => {
  if (status === 'success') return { level: 'DEFAULT' };
  if (status === 'client_closed') return { level: 'WARNING', statusMessage: error?.message ?? 'The client left.' };
  return { level: 'ERROR', statusMessage: error ? `${error.code}: ${error.message}` : 'The call failed.' };
};

const tagsOf = (
  call: CallFinished,
  facts: JsonObject,
  wishes: TraceWishes,
  defaultTags: readonly string[],
): string[] => {
  const known = { ...facts, ...(facts['metadata'] as JsonObject) };
  const ofFacts = defaultTags.flatMap((name) => {
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    return typeof value === 'string' || typeof value === 'boolean' ? [`${name}:${value}`] : [];
  });
  return [...new Set([...call.tags, ...wishes.tags, ...ofFacts])];
};

/** The client's own, and who called what. Request and answer are elsewhere. */
const metadataOf = (call: CallFinished, facts: JsonObject, { metadata }: TraceWishes): JsonObject => {
  const { requester_metadata: _own, requester_custom_headers: _headers, ...who } = facts['metadata'] as JsonObject;
  return {
    ...metadata,
    ...who,
    litellm_call_id: call.callId,
    model_group: facts['model_group'],
    custom_llm_provider: facts['custom_llm_provider'],
    cache_hit: facts['cache_hit'],
    litellm_response_cost: facts['response_cost'],
    hidden_params: facts['hidden_params'],
    attempts: call.attempts.length,
  };
};

/** What the API takes as a model parameter. */
const scalars = (parameters: Readonly<JsonObject>): Record<string, string | number | boolean> =>
  Object.fromEntries(
    Object.entries(parameters).filter((entry): entry is [string, string | number | boolean] =>
      ['string', 'number', 'boolean'].includes(typeof entry[1]),
    ),
  );

type Span = Observations['spans'][number];

const guardrailSpans = ({ callId, guardrails }: CallFinished, { traceId }: Observations['generation']): Span[] =>
  guardrails.map(({ name, mode, status, startedAt, ms, masked }, index) => ({
    id: `${callId}-guardrail-${index + 1}`,
    traceId,
    name: 'guardrail',
    startTime: new Date(startedAt),
    endTime: new Date(Math.round(startedAt + ms)),
    level: status === 'success' ? 'DEFAULT' : 'WARNING',
    metadata: {
      guardrail_name: name,
      guardrail_mode: mode,
      guardrail_status: status,
      masked_entity_count: masked && { ...masked },
    },
  }));

/** One attempt is the generation itself. */
const attemptSpans = ({ callId, attempts }: CallFinished, { id, traceId }: Observations['generation']): Span[] =>
  attempts.length < 2 ? [] : attempts.map((attempt) => attemptSpan(callId, id, traceId, attempt));

const attemptSpan = (callId: string, parentObservationId: string, traceId: string, attempt: EndedAttempt): Span => ({
  id: `${callId}-attempt-${attempt.attempt}`,
  traceId,
  parentObservationId,
  name: `attempt ${attempt.attempt}: ${attempt.upstreamModel}`,
  startTime: new Date(attempt.startedAt),
  endTime: new Date(attempt.endedAt),
  level: attempt.status === 'failure' ? 'ERROR' : 'DEFAULT',
  statusMessage: attempt.error && `${attempt.error.code}: ${attempt.error.message}`,
  metadata: {
    model_group: attempt.group,
    provider: attempt.provider,
    deployment_id: attempt.deploymentId,
    status: attempt.status,
    upstream_status: attempt.error?.upstreamStatus,
  },
});
