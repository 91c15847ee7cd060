// Settings that came by API: which there may be, what they may hold, and how they join those of the file.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { readAliases, readUnions } from './aliases.js';
import { Diagnostics } from './diagnostics.js';
import { referencedVariable } from './environment.js';
import { readDefaultFallbacks, readFallbacks } from './fallbacks.js';
import { readHedge } from './hedge.js';
import { suggestion } from './nearest.js';
import type { Place, Places } from './places.js';
import { SECTION_NAMES, SETTING_KEYS, type Section, type SettingName } from './setting-keys.js';
import type { SectionTrees } from './settings.js';
import { readValue, wrongType } from './value-types.js';

/** Section → its fields. */
export type StoredSettings = Readonly<Record<string, JsonObject>>;

export const STORED_SECTIONS: readonly string[] = Object.values(SECTION_NAMES);

/**
 * What a running gateway takes over at once, and what opens nothing: neither code nor files, addresses, keys or doors.
 * All else is for those who may write the configuration file.
 */
const STORABLE: ReadonlySet<string> = new Set<SettingName>([
  'max_parallel_requests',
  'global_max_parallel_requests',
  'rpm_limit',
  'tpm_limit',
  'enable_request_queue',
  'queue_max_size',
  'queue_timeout',
  'always_include_stream_usage',
  'completion_model',
  'embedding_model',
  'image_generation_model',
  'moderation_model',

  'drop_params',
  'modify_params',
  'restamp_model',
  'request_timeout',
  'turn_off_message_logging',
  'callbacks',
  'success_callback',
  'failure_callback',

  'routing_strategy',
  'routing_strategy_args',
  'model_group_alias',
  'model_group',
  'fallbacks',
  'default_fallbacks',
  'fallback_model',
  'fallback_models',
  'set_fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'max_fallbacks',
  'fallback_on_rate_limit',
  'num_retries',
  'retry_after',
  'retry_policy',
  'model_group_retry_policy',
  'timeout',
  'stream_timeout',
  'stream_idle_timeout',
  'hedge',
  'session_affinity',
  'mid_stream_failover',
  'allowed_fails',
  'allowed_fails_policy',
  'cooldown_time',
  'disable_cooldowns',
  'enable_pre_call_checks',
  'optional_pre_call_checks',
  'enable_tag_filtering',
  'tag_filtering_match_any',
  'default_max_parallel_requests',
  'default_priority',
]);

export const isStorableSetting = (name: string): boolean => STORABLE.has(name);

/** What a type does not tell. */
const SHAPES: Readonly<Record<string, (value: JsonValue, name: string, diagnostics: Diagnostics) => unknown>> = {
  ...Object.fromEntries(
    ['fallbacks', 'set_fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'].map((name) => [
      name,
      (value: JsonValue, _name: string, diagnostics: Diagnostics) => readFallbacks(value, name, undefined, diagnostics),
    ]),
  ),
  ...Object.fromEntries(
    ['default_fallbacks', 'fallback_model', 'fallback_models'].map((name) => [
      name,
      (value: JsonValue, _name: string, diagnostics: Diagnostics) =>
        readDefaultFallbacks(value, name, undefined, diagnostics),
    ]),
  ),
  model_group_alias: (value, _name, diagnostics) => readAliases(value as JsonObject, undefined, diagnostics),
  model_group: (value, _name, diagnostics) => readUnions(value as JsonObject, undefined, diagnostics),
  hedge: (value, _name, diagnostics) => readHedge(value, undefined, diagnostics),
};

/** Every variable that a value refers to by `os.environ/NAME`, at any depth. */
export const referencedVariables = (value: JsonValue | undefined): string[] => {
  if (Array.isArray(value)) return value.flatMap(referencedVariables);
  if (isJsonObject(value)) return Object.values(value).flatMap(referencedVariables);
  const variable = referencedVariable(value);
  return variable === undefined ? [] : [variable];
};

/**
 * @param section `general_settings`, `litellm_settings` or `router_settings`
 * @throws GW_INVALID_REQUEST that says where it is to be written instead, or what it must hold
 */
export const checkStoredSetting = (section: string, name: string, value: JsonValue): void => {
  checkStoredSection(section);
  const key = SETTING_KEYS.get(name);
  const full = `${section}.${name}`;
  if (!key) throw invalidRequest(`There is no setting '${name.slice(0, 100)}'.${suggestion(name, STORABLE)}`, full);
  if (!STORABLE.has(name))
    throw invalidRequest(
      `${full} comes from the configuration file or the command line only: write it there and start anew.`,
      full,
    );
  if (readValue(key.type, value) === undefined)
    throw invalidRequest(`${full} ${wrongType(key.type, value, false)}`, full);
  if (referencedVariables(value).length > 0)
    throw invalidRequest(`${full} names a variable, which stored settings cannot: give the value.`, full);
  const diagnostics = new Diagnostics(false);
  SHAPES[name]?.(value, name, diagnostics);
  const [problem] = diagnostics.problems;
  if (problem !== undefined) throw invalidRequest(`${section}: ${problem}`, full);
};

/** @throws GW_INVALID_REQUEST */
export const checkStoredSection = (section: string): void => {
  if (STORED_SECTIONS.includes(section)) return;
  throw invalidRequest(
    section === 'environment_variables'
      ? 'environment_variables come from the environment, from .env or from the configuration file only.'
      : `There are no stored settings '${section.slice(0, 100)}'. There are ${STORED_SECTIONS.join(', ')}.`,
    section,
  );
};

/** No file has them. */
const STORED: Place = { file: 'stored settings', line: 0 };

/** Stored fields take the place of the file's, in the section where each is at home. */
export const withStoredSettings = (trees: SectionTrees, stored: StoredSettings, places: Places): SectionTrees => {
  const copyOf = (section: Section): JsonObject => {
    const copy = { ...trees[section] };
    places.copy(trees[section], copy);
    return copy;
  };
  const joined = { general: copyOf('general'), litellm: copyOf('litellm'), router: copyOf('router') };
  for (const fields of Object.values(stored)) {
    for (const [name, value] of Object.entries(fields)) {
      const home = STORABLE.has(name) ? SETTING_KEYS.get(name)?.homes[0] : undefined;
      if (!home) continue;
      joined[home][name] = value;
      places.mark(joined[home], name, STORED);
    }
  }
  return { ...joined, top: trees.top };
};
