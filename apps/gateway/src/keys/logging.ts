// What a key and its team want told of their calls, in LiteLLM's metadata.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { KeyCallback } from '../callbacks/key-callbacks.js';
import type { Terms } from './terms.js';

type Logging = Pick<Terms, 'callbacks' | 'disabledCallbacks' | 'turnOffMessageLogging'>;

/** A key's own list counts for more than its team's. */
export const loggingOf = (key: Readonly<JsonObject>, team: Readonly<JsonObject>): Logging => {
  const [own, shared] = [callbacksOf(key), callbacksOf(team)];
  const disabled = [key, team].flatMap((metadata) => textsOf(metadata['litellm_disabled_callbacks']));
  const callbacks = own.length > 0 ? own : shared;
  return {
    callbacks: callbacks.length > 0 ? callbacks.map(withoutSwitch) : undefined,
    disabledCallbacks: disabled.length > 0 ? disabled.map((name) => name.toLowerCase()) : undefined,
    turnOffMessageLogging:
      [key, team].some((metadata) => isOn(metadata[SWITCH])) ||
      callbacks.some(({ variables }) => isOn(variables[SWITCH])),
  };
};

/** Stands in the metadata, or among a callback's variables. */
const SWITCH = 'turn_off_message_logging';

const withoutSwitch = (callback: KeyCallback): KeyCallback => {
  const { [SWITCH]: _, ...variables } = callback.variables;
  return { ...callback, variables };
};

/** `logging` as keys and teams have it, or the `callback_settings` of `/team/{id}/callback`. */
const callbacksOf = (metadata: Readonly<JsonObject>): KeyCallback[] => {
  const { logging, callback_settings: settings } = metadata;
  if (Array.isArray(logging)) return logging.filter(isJsonObject).flatMap(callbackOf);
  if (!isJsonObject(settings)) return [];
  const success = textsOf(settings['success_callback']);
  const failure = textsOf(settings['failure_callback']);
  const variables = isJsonObject(settings['callback_vars']) ? settings['callback_vars'] : {};
  return [...new Set([...success, ...failure])].map((name) => ({
    name,
    onSuccess: success.includes(name),
    onFailure: failure.includes(name),
    variables,
  }));
};

const callbackOf = ({ callback_name: name, callback_type: type, callback_vars: given }: JsonObject): KeyCallback[] => {
  if (typeof name !== 'string' || name === '') return [];
  return [
    {
      name,
      onSuccess: type !== 'failure',
      onFailure: type !== 'success',
      variables: isJsonObject(given) ? given : {},
    },
  ];
};

const isOn = (value: JsonValue | undefined): boolean => value === true || value === 'true' || value === 'True';

const textsOf = (value: JsonValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
