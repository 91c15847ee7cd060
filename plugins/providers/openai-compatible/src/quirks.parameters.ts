// Parameters that a host calls otherwise, bounds, or lacks.
import { isHarmlessDefault, passUnsupported, type Call } from '@turnpike/plugin-sdk';
import type { Draft } from './draft.js';
import type { Quirks } from './host-row.js';

/** Fields that only OpenAI's own API has. Other hosts ignore them, or answer 400. */
const OPENAI_ONLY = [
  'store',
  'metadata',
  'service_tier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'safety_identifier',
  'verbosity',
  'prediction',
  'modalities',
  'audio',
  'web_search_options',
  'moderation',
] as const;

/** Silently when the value asks for nothing. @throws GW_UNSUPPORTED_PARAMETER unless parameters may be dropped */
const refuse = (draft: Draft, call: Call, name: string, why?: string): void => {
  const value = draft.get(name);
  if (value === undefined) return;
  if (isHarmlessDefault(name, value) || !passUnsupported(call.policy, name, why)) draft.drop(name);
};

export const refuseAll = (draft: Draft, call: Call, names: readonly string[], why?: string): void => {
  for (const name of names) refuse(draft, call, name, why);
};

/** A field keeps its value; where the host's own name is given too, that one wins. */
export const rename = (draft: Draft, names: Readonly<Record<string, string>>): void => {
  for (const [from, to] of Object.entries(names)) {
    const value = draft.get(from);
    if (value === undefined) continue;
    draft.drop(from);
    if (value !== null && draft.get(to) === undefined) draft.put(to, value);
  }
};

/** Every host but the newest reads `max_tokens`; where both are given, the newer name counts. */
const spellOutTokenLimit = (draft: Draft): void => {
  const limit = draft.get('max_completion_tokens');
  draft.drop('max_completion_tokens');
  if (typeof limit === 'number') draft.put('max_tokens', limit);
};

export const dropAll = (draft: Draft, names: readonly string[]): void => {
  for (const name of names) draft.drop(name);
};

export const adaptParameters = (draft: Draft, call: Call, quirks: Quirks): void => {
  if (!quirks.isTransparent) {
    if (!quirks.takesMaxCompletionTokens) spellOutTokenLimit(draft);
    const { knows = [] } = quirks;
    refuseAll(
      draft,
      call,
      OPENAI_ONLY.filter((name) => !knows.includes(name)),
    );
  }
  rename(draft, quirks.rename ?? {});
  dropAll(draft, quirks.ignores ?? []);
  refuseAll(draft, call, quirks.lacks ?? []);
  for (const { models, parameters } of quirks.lacksFor ?? []) {
    if (models.test(call.model)) refuseAll(draft, call, parameters, `with ${call.model}`);
  }
  if (call.stream) refuseAll(draft, call, quirks.lacksInStreams ?? [], 'in streams');
  if (quirks.temperature) boundTemperature(draft, call, quirks.temperature);
};

/** Out of bounds is refused like a parameter that is lacking; where parameters may be dropped, the bound is used. */
const boundTemperature = (draft: Draft, call: Call, bounds: NonNullable<Quirks['temperature']>): void => {
  const value = draft.get('temperature');
  if (typeof value !== 'number') return;
  const n = draft.get('n');
  const min = Math.max(bounds.min ?? 0, typeof n === 'number' && n > 1 ? (bounds.minOfSeveral ?? 0) : 0);
  const bounded = Math.min(Math.max(value, min), bounds.max ?? Infinity);
  if (bounded === value) return;
  const why = `it takes ${bounded} at the ${bounded < value ? 'most' : 'least'}`;
  if (!passUnsupported(call.policy, 'temperature', why)) draft.put('temperature', bounded);
};
