// What a callback is told of a call, read from its Exchange. Nothing of it points back there.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import type { CallFinished, CallStarted, EndedAttempt, ToldAttempt, ToldError } from '@turnpike/plugin-sdk';
import { isSecretName, redactText } from '@turnpike/telemetry';
import { shownMessage } from '../filters/error-answer.js';
import type { Attempt } from '../pipeline/attempt.js';
import { sessionOf } from '../pipeline/conversation-key.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';
import { publicMetadata } from '../pipeline/public-metadata.js';
import { recordedAnswer } from '../pipeline/recorded-answer.js';
import { loggedView, type SaidInCall } from '../guarding/logged-view.js';
import type { PendingCall } from './delivery.js';

/** `performance.now()` → epoch milliseconds. */
const epochOf = (at: number): number => Math.round(performance.timeOrigin + at);

export const toldStart = (exchange: Exchange, withContent: boolean): CallStarted => {
  const { callId, front, headers, body, principal } = exchange;
  const metadata = metadataOf(body);
  const userAgent = headers['user-agent'];
  const sessionId = sessionOf(headers, body ?? NOTHING);
  return {
    version: 1,
    callId,
    traceId: traceIdOf(exchange, metadata) ?? sessionId ?? callId,
    sessionId,
    operation: front.operation,
    route: front.route,
    model: exchange.model ?? '',
    stream: exchange.isStream,
    startedAt: epochOf(exchange.startedAt),
    metadata,
    tags: exchange.tags ?? NO_TAGS,
    keyHash: principal?.keyHash || undefined,
    keyAlias: principal?.keyAlias || undefined,
    userId: principal?.userId || undefined,
    userEmail: principal?.userEmail || undefined,
    teamId: principal?.teamId || undefined,
    teamAlias: principal?.teamAlias || undefined,
    organizationId: principal?.organizationId || undefined,
    endUser: exchange.customer,
    spendLogsMetadata: principal?.terms?.spendLogsMetadata,
    ip: exchange.clientAddress,
    userAgent,
    headers: shownHeaders(headers),
    parameters: body ? parametersOf(body) : NOTHING,
    request: withContent && body ? shownBody(body, metadata) : undefined,
  };
};

export const toldAttempt = (attempt: Attempt): ToldAttempt => {
  const { target, choice, exchange } = attempt;
  const { deployment } = target;
  return {
    attempt: exchange.attempts.indexOf(attempt) + 1,
    group: choice.level.group.name,
    provider: deployment.provider,
    deploymentId: deployment.id,
    upstreamModel: target.model,
    apiBase: apiBaseOf(deployment.connection),
    startedAt: epochOf(attempt.startedAt),
  };
};

export const endedAttempt = (attempt: Attempt): EndedAttempt => {
  const { status, startedAt, firstTokenAt, endedAt = startedAt, error } = attempt;
  return {
    ...toldAttempt(attempt),
    endedAt: epochOf(endedAt),
    status: status === 'open' ? 'abandoned' : status,
    timeToFirstTokenMs: firstTokenAt === undefined ? undefined : firstTokenAt - startedAt,
    usage: attempt.usage,
    isUsageEstimated: attempt.isUsageEstimated,
    costNanoUsd: attempt.costNanoUsd,
    error: error && toldError(error),
  };
};

/** A call that has ended. Its answer is read when somebody is about to be told of it. */
export class EndedCall implements PendingCall {
  private call: CallFinished;
  private answer: (() => JsonObject | undefined) | undefined;

  constructor(exchange: Exchange, outcome: Outcome, started: CallStarted) {
    this.call = finishedWithoutAnswer(exchange, outcome, started);
    if (started.request && outcome.status !== 'failure') this.answer = answerReader(exchange);
  }

  told(): CallFinished {
    const { answer } = this;
    if (answer) {
      this.answer = undefined;
      const response = answer();
      if (response) this.call = { ...this.call, response };
    }
    return this.call;
  }
}

/** One whose words are told as guardrails leave them. They look at it when somebody is about to be told of it. */
export class MaskedCall implements PendingCall {
  private call: Promise<CallFinished> | undefined;
  private readonly plain: CallFinished;

  /** @param started without words */
  constructor(
    private readonly exchange: Exchange,
    private readonly outcome: Outcome,
    started: CallStarted,
  ) {
    this.plain = finishedWithoutAnswer(exchange, outcome, started);
  }

  told(): Promise<CallFinished> {
    return (this.call ??= this.mask());
  }

  private async mask(): Promise<CallFinished> {
    const { exchange, outcome, plain } = this;
    const { body, snapshot } = exchange;
    const said: SaidInCall = {
      request: body && shownBody(body, plain.metadata),
      response: outcome.status === 'failure' ? undefined : answerReader(exchange)?.(),
    };
    const shown = await loggedView(snapshot.guardrails, exchange, said);
    return { ...plain, ...shown, guardrails: exchange.guardrailRuns ?? NO_GUARDRAILS };
  }
}

const finishedWithoutAnswer = (exchange: Exchange, outcome: Outcome, started: CallStarted): CallFinished => {
  const { attempt, answer } = exchange;
  const last = attempt && toldAttempt(attempt);
  const { firstTokenAt, startedAt = 0, answeredAt } = attempt ?? {};
  const { endedAt, error } = outcome;
  return {
    ...started,
    status: outcome.status,
    statusCode: outcome.statusCode,
    endedAt: epochOf(endedAt),
    timeToFirstTokenMs: firstTokenAt === undefined ? undefined : firstTokenAt - startedAt,
    group: last?.group,
    provider: last?.provider,
    deploymentId: last?.deploymentId,
    upstreamModel: last?.upstreamModel,
    apiBase: last?.apiBase,
    usage: outcome.usage,
    isUsageEstimated: outcome.isUsageEstimated,
    costNanoUsd: outcome.costNanoUsd,
    cache: exchange.cache ?? 'off',
    cacheKey: exchange.cacheKey,
    attempts: exchange.attempts.map(endedAttempt),
    overheadMs: answeredAt === undefined ? undefined : endedAt - exchange.startedAt - (answeredAt - startedAt),
    rateLimits: answer ? rateLimitsOf(answer.headers) : NO_HEADERS,
    guardrails: exchange.guardrailRuns ?? NO_GUARDRAILS,
    error: error && toldError(error),
  };
};

/** Reads the answer from what is left of it; what cannot be read is not told. */
const answerReader = (exchange: Exchange): (() => JsonObject | undefined) | undefined => {
  const { answer } = exchange;
  if (answer?.kind !== 'whole') return recordedAnswer(exchange);
  const { body } = answer;
  return () => objectIn(body);
};

const objectIn = (body: Buffer): JsonObject | undefined => {
  try {
    const value = JSON.parse(body.toString('utf8')) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const NO_TAGS: readonly string[] = [];
const NOTHING: Readonly<JsonObject> = {};
const NO_HEADERS: Readonly<Record<string, string>> = {};
const NO_GUARDRAILS: CallFinished['guardrails'] = [];

const toldError = (error: GatewayError): ToldError => ({
  code: error.code,
  message: shownMessage(error),
  upstreamStatus: error.facts.upstreamStatus,
  provider: error.facts.provider,
});

const metadataOf = (body: Readonly<JsonObject> | undefined): JsonObject => {
  const told = body?.['metadata'];
  const own = body?.['litellm_metadata'];
  const metadata = isJsonObject(told) ? told : {};
  const all = isJsonObject(own) ? { ...metadata, ...own } : metadata;
  // Callbacks are plugins: what they do to it is nothing to the call.
  return { ...publicMetadata(all) };
};

/** Without what lets the gateway in elsewhere, where clients may bring that. */
const shownBody = (body: Readonly<JsonObject>, metadata: Readonly<JsonObject>): JsonObject => {
  const shown: JsonObject = {};
  for (const name in body) if (!isSecretName(name)) shown[name] = body[name];
  if ('metadata' in shown) shown['metadata'] = metadata;
  delete shown['litellm_metadata'];
  return shown;
};

/** Clients tell it in the body, in a header, or in their metadata. */
const traceIdOf = ({ body, headers }: Exchange, metadata: JsonObject): string | undefined =>
  firstText(body?.['litellm_trace_id'], headers['x-litellm-trace-id'], metadata['trace_id']);

const firstText = (...values: unknown[]): string | undefined =>
  values.find((value): value is string => typeof value === 'string' && value !== '');

/** Headers that people attach to their calls on purpose: no header of HTTP's own has an underscore. */
const ATTACHED = /^x-|^traceparent$|_/;

const shownHeaders = (headers: Exchange['headers']): Record<string, string> => {
  const shown: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && ATTACHED.test(name) && !isSecretName(name)) shown[name] = redactText(value);
  }
  return shown;
};

/** Texts that steer an answer and hold nothing of what is said. */
const STEERING = new Set(['reasoning_effort', 'service_tier', 'verbosity', 'encoding_format', 'truncation']);

/** Numbers, switches and the few texts that are settings: what is left when nothing of the content may be told. */
const parametersOf = (body: Readonly<JsonObject>): JsonObject => {
  const parameters: JsonObject = {};
  for (const name in body) {
    const value = body[name];
    const isSetting = typeof value === 'string' && STEERING.has(name);
    if (typeof value === 'number' || typeof value === 'boolean' || isSetting) parameters[name] = value;
  }
  return parameters;
};

const apiBaseOf = ({ api_base: base }: Readonly<JsonObject>): string | undefined =>
  typeof base === 'string' ? redactText(base) : undefined;

const rateLimitsOf = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (name.startsWith('x-ratelimit-') && typeof value === 'string') found[name] = value;
  }
  return found;
};
