// What goes into the spend log of a call beside what it cost: what its caller wants kept, and, where operators want that,
// what was asked and answered.
import { ENTRY_LIMITS, isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { isMaskedForLogs, mayBeLogged } from '../guarding/logged-view.js';
import type { Exchange } from './exchange.js';
import { recordedAnswer } from './recorded-answer.js';

/** The request's word counts for more than its key's. Undefined: nobody wants anything kept. */
export const keptMetadata = ({ headers, body, principal }: Exchange): JsonObject | undefined => {
  const ofKey = principal?.terms?.spendLogsMetadata;
  const header = headers['x-litellm-spend-logs-metadata'];
  const inBody = inMetadata(body?.['metadata']) ?? inMetadata(body?.['litellm_metadata']);
  if (header === undefined && inBody === undefined) return ofKey;
  const kept = { ...ofKey, ...(typeof header === 'string' ? objectIn(header) : undefined), ...inBody };
  return JSON.stringify(kept).length <= ENTRY_LIMITS.metadata ? kept : ofKey;
};

const inMetadata = (metadata: JsonValue | undefined): JsonObject | undefined => {
  const kept = isJsonObject(metadata) ? metadata['spend_logs_metadata'] : undefined;
  return isJsonObject(kept) ? kept : undefined;
};

/** A header that is no JSON object says nothing: it is no reason to refuse a call. */
const objectIn = (text: string): JsonObject | undefined => {
  if (text.length > ENTRY_LIMITS.metadata) return undefined;
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

export interface KeptPrompts {
  readonly request: JsonValue | undefined;
  readonly response: JsonValue | undefined;
}

/**
 * Undefined: nothing of it is kept. What guardrails changed is kept as they changed it; what they are to change for logs
 * alone is not kept, because a call is on record before they have looked.
 */
export const keptPrompts = (exchange: Exchange): KeptPrompts | undefined => {
  const { storesPrompts, turnOffMessageLogging } = exchange.snapshot.config.logging;
  if (!storesPrompts || turnOffMessageLogging || !exchange.body) return undefined;
  if (!mayBeLogged(exchange) || isMaskedForLogs(exchange)) return undefined;
  const asked = exchange.isRewritten ? (exchange.request as JsonObject) : exchange.body;
  return {
    request: bounded(asked['messages'] ?? asked['prompt'] ?? asked['input']),
    response: bounded(answerOf(exchange)),
  };
};

const answerOf = (exchange: Exchange): JsonValue | undefined => {
  const { answer } = exchange;
  if (answer?.kind !== 'whole') return recordedAnswer(exchange)?.();
  if (answer.body.length > 4 * ENTRY_LIMITS.prompt) return answer.body.toString('utf8', 0, ENTRY_LIMITS.prompt);
  try {
    return JSON.parse(answer.body.toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
};

/** The beginning of what is too long, as a text. */
const bounded = (value: JsonValue | undefined): JsonValue | undefined => {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  return text.length <= ENTRY_LIMITS.prompt ? value : `${text.slice(0, ENTRY_LIMITS.prompt - 1)}…`.toWellFormed();
};
