// What a caller asks of the router, read from the headers and the body. Most ask nothing.
import { isJsonObject, type FallbackTarget, type JsonObject, type JsonValue } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { NO_WISHES, type RoutingWishes } from '@turnpike/router';
import type { IncomingHttpHeaders } from 'node:http';
import type { RuntimeSnapshot } from '../runtime/snapshot.js';
import { refuseConnection } from '../upstream/client-parameters.js';
import { conversationKey } from './conversation-key.js';

type Wishes = { -readonly [K in keyof RoutingWishes]: RoutingWishes[K] };

const NOTHING: Readonly<JsonObject> = {};

/**
 * @param tags of the call
 * @param ofCaller what holds where the request says nothing, as a body has it
 * @throws GW_INVALID_REQUEST, GW_FORBIDDEN_PARAMETER
 */
export const wishesOf = (
  headers: IncomingHttpHeaders,
  body: Readonly<JsonObject>,
  snapshot: RuntimeSnapshot,
  tags: readonly string[] = [],
  ofCaller: Readonly<JsonObject> = NOTHING,
): RoutingWishes => {
  const { router } = snapshot.config;
  let wishes: Wishes | undefined;
  const retries = countOf(
    headers['x-litellm-num-retries'] ?? body['num_retries'] ?? ofCaller['num_retries'],
    'num_retries',
  );
  if (retries !== undefined) (wishes ??= {}).numRetries = retries;
  const priority = integerOf(body['priority'], 'priority') ?? router.defaultPriority;
  if (priority !== undefined) (wishes ??= {}).priority = priority;
  if ((body['disable_fallbacks'] ?? ofCaller['disable_fallbacks']) === true) (wishes ??= {}).disableFallbacks = true;
  for (const [name, wish] of FALLBACKS) {
    const given = body[name] ?? ofCaller[name];
    if (given !== undefined && given !== null) (wishes ??= {})[wish] = fallbacksOf(given, name, body, snapshot);
  }
  const region = body['allowed_model_region'] ?? undefined;
  if (region !== undefined) (wishes ??= {}).region = textOf(region, 'allowed_model_region');
  if (router.enableTagFiltering) {
    wishes ??= {};
    wishes.tags = tags;
    if (headers['user-agent'] !== undefined) wishes.userAgent = headers['user-agent'];
  }
  if (router.sessionAffinity) {
    const key = conversationKey(headers, body);
    if (key !== undefined) (wishes ??= {}).affinityKey = key;
  }
  return wishes ?? NO_WISHES;
};

const FALLBACKS = [
  ['fallbacks', 'fallbacks'],
  ['context_window_fallbacks', 'contextWindowFallbacks'],
  ['content_policy_fallbacks', 'contentPolicyFallbacks'],
] as const;

const MAX_FALLBACKS = 20;

/** Names, `{ model, …fields }`, or as configurations write them: `{ group: [names] }`. */
const fallbacksOf = (
  given: JsonValue,
  name: string,
  body: Readonly<JsonObject>,
  snapshot: RuntimeSnapshot,
): FallbackTarget[] => {
  if (!Array.isArray(given) || given.length > MAX_FALLBACKS)
    throw invalidRequest(`'${name}' must be an array of at most ${MAX_FALLBACKS} model names.`, name);
  return given.flatMap((entry, index) => fallbackOf(entry, `${name}[${index}]`, body, snapshot));
};

const fallbackOf = (
  entry: JsonValue,
  path: string,
  body: Readonly<JsonObject>,
  snapshot: RuntimeSnapshot,
): FallbackTarget[] => {
  if (typeof entry === 'string') return [{ model: entry }];
  if (isJsonObject(entry) && typeof entry['model'] === 'string') {
    const { model, ...overrides } = entry;
    if (Object.keys(overrides).length === 0) return [{ model }];
    checkOverrides(overrides, path, snapshot);
    return [{ model, overrides }];
  }
  const groups = isJsonObject(entry) ? Object.entries(entry) : [];
  if (groups.length === 0) throw invalidRequest(`'${path}' must be a model name, or an object with one.`, path);
  return groups.flatMap(([group, targets]) => {
    if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string'))
      throw invalidRequest(`'${path}' must name models in an array.`, path);
    return group === body['model'] || group === '*' ? targets.map((model) => ({ model })) : [];
  });
};

/** Whether anybody has to see what they change is decided later. */
const checkOverrides = (overrides: JsonObject, path: string, snapshot: RuntimeSnapshot): void => {
  if (snapshot.config.auth.allowClientCredentials) return;
  refuseConnection(overrides, `${path}.`, snapshot);
  const { extra_body: extra } = overrides;
  if (isJsonObject(extra)) refuseConnection(extra, `${path}.extra_body.`, snapshot);
};

const textOf = (value: JsonValue, name: string): string => {
  if (typeof value === 'string' && value !== '') return value;
  throw invalidRequest(`'${name}' must be a text.`, name);
};

const integerOf = (value: JsonValue | string[] | undefined, name: string): number | undefined => {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw invalidRequest(`'${name}' must be a whole number.`, name);
};

const countOf = (value: JsonValue | string[] | undefined, name: string): number | undefined => {
  const count = integerOf(value, name);
  if (count !== undefined && count < 0) throw invalidRequest(`'${name}' must be 0 or more.`, name);
  return count;
};
