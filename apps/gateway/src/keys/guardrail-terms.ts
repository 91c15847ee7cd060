// What a key and its team say about guardrails, in their metadata.
import { isJsonObject, type JsonObject } from '@turnpike/domain';

export interface GuardrailTerms {
  /** Look at every call. */
  readonly names: readonly string[];
  /** Those that are on by default are not, unless they are named. */
  readonly isWithoutDefaults: boolean;
  /** Of those that are on by default. */
  readonly optedOut: readonly string[];
  /** Requests may name others. */
  readonly mayChoose: boolean;
}

/**
 * `guardrails: [names]` of both count; of `disable_global_guardrails` and `opted_out_global_guardrails` the key's, where
 * it has them. A team forbids its keys to choose with `guardrails: {modify_guardrails: false}`.
 * @returns undefined when neither says anything
 */
export const guardrailTermsOf = (key: Readonly<JsonObject>, team: Readonly<JsonObject>): GuardrailTerms | undefined => {
  const isWithoutDefaults = (key['disable_global_guardrails'] ?? team['disable_global_guardrails']) === true;
  const optedOut = namesIn(key['opted_out_global_guardrails'] ?? team['opted_out_global_guardrails']);
  const names = [...new Set([...namesIn(key['guardrails']), ...namesIn(team['guardrails'])])];
  const mayChoose = !isJsonObject(team['guardrails']) || team['guardrails']['modify_guardrails'] !== false;
  const isSilent = names.length === 0 && optedOut.length === 0 && !isWithoutDefaults && mayChoose;
  return isSilent ? undefined : { names, isWithoutDefaults, optedOut, mayChoose };
};

/** Names, or objects by name. */
const namesIn = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.flatMap((entry) => (typeof entry === 'string' ? [entry] : isJsonObject(entry) ? Object.keys(entry) : []))
    : [];
