// What clients ask of their run, in the request's metadata: LiteLLM's words.
// docs: https://docs.litellm.ai/docs/observability/langsmith_integration, read 2026-11-21
import type { CallStarted, JsonObject, JsonValue } from '@turnpike/plugin-sdk';
import { isDottedOrder, isUuid } from './ids.js';

export interface RunWishes {
  readonly runName?: string;
  readonly projectName?: string;
  readonly id?: string;
  readonly parentRunId?: string;
  readonly traceId?: string;
  /** LangSmith's id of the project. */
  readonly sessionId?: string;
  readonly dottedOrder?: string;
  /** Metadata that is just that. */
  readonly metadata: JsonObject;
}

const STEERING = new Set(['run_name', 'project_name', 'id', 'run_id', 'parent_run_id', 'dotted_order', 'tags']);

/** Ids that are none are passed over: LangSmith would refuse the run, and others that are sent with it. */
export const wishesOf = ({ metadata }: Pick<CallStarted, 'metadata'>): RunWishes => ({
  runName: text(metadata['run_name']),
  projectName: text(metadata['project_name']),
  id: uuid(metadata['id']) ?? uuid(metadata['run_id']),
  parentRunId: uuid(metadata['parent_run_id']),
  traceId: uuid(metadata['trace_id']),
  sessionId: uuid(metadata['session_id']),
  dottedOrder: typeof metadata['dotted_order'] === 'string' ? dottedOrder(metadata['dotted_order']) : undefined,
  metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !STEERING.has(name))),
});

const MAX_NAME = 200;

const text = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.slice(0, MAX_NAME) : undefined;

const uuid = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' && isUuid(value) ? value.toLowerCase() : undefined;

const dottedOrder = (value: string): string | undefined => (isDottedOrder(value) ? value : undefined);
