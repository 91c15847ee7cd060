// Which guardrails a request asks for, and what it says to them.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';

/** Name → what the client says to it. */
export type Asked = ReadonlyMap<string, Readonly<JsonObject>>;

const NOTHING: Readonly<JsonObject> = {};
const MOST_NAMES = 100;

/** Where clients write it: OpenAI's own field for such things is the metadata. */
const PLACES = ['metadata', 'litellm_metadata'] as const;

/**
 * `guardrails: ["name", {"name": {"extra_body": {…}}}]`. Undefined: nothing is asked for.
 * @throws GW_INVALID_REQUEST
 */
export const askedOf = (body: Readonly<JsonObject>): Asked | undefined => {
  let asked: Map<string, Readonly<JsonObject>> | undefined;
  const add = (value: JsonValue | undefined, path: string): void => {
    if (value === undefined || value === null) return;
    if (!Array.isArray(value) || value.length > MOST_NAMES)
      throw invalidRequest(`'${path}' must be an array of at most ${MOST_NAMES} names.`, path);
    value.forEach((entry, index) => {
      for (const [name, parameters] of namedBy(entry, `${path}[${index}]`)) (asked ??= new Map()).set(name, parameters);
    });
  };
  add(body['guardrails'], 'guardrails');
  for (const place of PLACES) {
    const metadata = body[place];
    if (isJsonObject(metadata)) add(metadata['guardrails'], `${place}.guardrails`);
  }
  return asked;
};

const namedBy = (entry: JsonValue, path: string): [string, Readonly<JsonObject>][] => {
  if (typeof entry === 'string') return [[entry, NOTHING]];
  if (!isJsonObject(entry)) throw invalidRequest(`'${path}' must be a name, or an object with one.`, path);
  return Object.entries(entry).map(([name, said]) => {
    const parameters = isJsonObject(said) ? (said['extra_body'] ?? NOTHING) : undefined;
    if (!isJsonObject(parameters)) throw invalidRequest(`'${path}.${name}' must be {"extra_body": {…}}.`, path);
    return [name, parameters];
  });
};

const TOGGLES = [
  'guardrails',
  'disable_global_guardrails',
  'disable_global_guardrail',
  'opted_out_global_guardrails',
] as const;

/** For callers whose team may not choose: even an empty wish is one. @throws GW_PERMISSION_DENIED */
export const refuseChoice = (body: Readonly<JsonObject>): void => {
  for (const place of [body, ...PLACES.map((name) => body[name])]) {
    if (!isJsonObject(place) || !TOGGLES.some((name) => name in place)) continue;
    throw new GatewayError(
      'GW_PERMISSION_DENIED',
      'Your team does not have permission to modify guardrails. Leave them out of the request.',
      { param: 'guardrails' },
    );
  }
};
