// What clients ask of their trace, in the request's metadata or in `langfuse_*` headers: LiteLLM's words.
// docs: https://docs.litellm.ai/docs/observability/langfuse_integration, read 2026-11-21
import { isJsonObject, type CallStarted, type JsonObject, type JsonValue } from '@turnpike/plugin-sdk';

export interface TraceWishes {
  readonly traceId?: string;
  /** A trace that somebody else began: it gets a generation more and is changed only in `updateTraceKeys`. */
  readonly existingTraceId?: string;
  readonly updateTraceKeys: readonly string[];
  readonly traceName?: string;
  readonly traceUserId?: string;
  readonly traceMetadata?: JsonValue;
  readonly traceVersion?: string;
  readonly traceRelease?: string;
  readonly isPublic?: boolean;
  readonly sessionId?: string;
  readonly generationId?: string;
  readonly generationName?: string;
  readonly parentObservationId?: string;
  readonly version?: string;
  readonly prompt?: { readonly name: string; readonly version: number };
  readonly isInputMasked: boolean;
  readonly isOutputMasked: boolean;
  readonly tags: readonly string[];
  /** Metadata that is just that. */
  readonly metadata: JsonObject;
}

const PREFIX = 'langfuse_';

/** Names that steer; all others are metadata. */
const STEERING = new Set([
  'trace_id',
  'existing_trace_id',
  'update_trace_keys',
  'trace_name',
  'trace_user_id',
  'trace_metadata',
  'trace_version',
  'trace_release',
  'trace_public',
  'session_id',
  'generation_id',
  'generation_name',
  'parent_observation_id',
  'version',
  'prompt',
  'mask_input',
  'mask_output',
  'tags',
]);

/** Headers count for more than metadata. */
export const wishesOf = ({ metadata, headers }: Pick<CallStarted, 'metadata' | 'headers'>): TraceWishes => {
  const given: JsonObject = { ...metadata };
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith(PREFIX)) given[name.slice(PREFIX.length)] = value;
  return {
    traceId: text(given['trace_id']),
    existingTraceId: text(given['existing_trace_id']),
    updateTraceKeys: list(given['update_trace_keys']),
    traceName: text(given['trace_name']),
    traceUserId: text(given['trace_user_id']),
    traceMetadata: structured(given['trace_metadata']),
    traceVersion: text(given['trace_version']),
    traceRelease: text(given['trace_release']),
    isPublic: given['trace_public'] === undefined ? undefined : isYes(given['trace_public']),
    sessionId: text(given['session_id']),
    generationId: text(given['generation_id']),
    generationName: text(given['generation_name']),
    parentObservationId: text(given['parent_observation_id']),
    version: text(given['version']),
    prompt: promptOf(given['prompt']),
    isInputMasked: isYes(given['mask_input']),
    isOutputMasked: isYes(given['mask_output']),
    tags: list(given['tags']),
    metadata: Object.fromEntries(Object.entries(given).filter(([name]) => !STEERING.has(name))),
  };
};

/** Numbers are names too. */
const text = (value: JsonValue | undefined): string | undefined => {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
};

const isYes = (value: JsonValue | undefined): boolean =>
  value === true || (typeof value === 'string' && value.toLowerCase() === 'true');

/** In headers, lists and objects are written as JSON, or lists with commas. */
const list = (value: JsonValue | undefined): string[] => {
  const parsed = structured(value);
  if (Array.isArray(parsed)) return parsed.flatMap((one) => text(one) ?? []);
  if (typeof parsed !== 'string') return [];
  return parsed
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
};

const structured = (value: JsonValue | undefined): JsonValue | undefined => {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return value;
  }
};

const promptOf = (value: JsonValue | undefined): TraceWishes['prompt'] => {
  const prompt = structured(value);
  if (!isJsonObject(prompt)) return undefined;
  const { name, version } = prompt;
  return typeof name === 'string' && Number.isSafeInteger(version) ? { name, version: version as number } : undefined;
};
