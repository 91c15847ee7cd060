// Stage 3: bytes become a request. Only for callers that are known: a body can be made so that parsing it takes seconds.
// Ends with 400.
import type { JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { parseJsonObject } from '../bytes/parse-json.js';
import type { OperationName } from '../routes/front.js';
import type { Runtime } from '../runtime/runtime.js';
import { checkClientParameters } from '../upstream/client-parameters.js';
import { customerIn, internalUserIn, plainTags, tagsIn } from './parties.js';
import { checkRequired, checkTools } from './required.js';
import { wishesOf } from './wishes.js';
import type { Authenticated, Deadlines, Exchange, Principal, Read } from './exchange.js';
import type { Stage } from './stage.js';

export const read = (_runtime: Runtime): Stage<Authenticated, Read> => ({
  name: 'read',
  run(exchange) {
    const body = parseJsonObject(exchange.raw);
    exchange.body = body;
    exchange.model = modelOf(exchange, body);
    exchange.isStream = streamOf(body);
    const { alternatives } = exchange.principal;
    if (alternatives) exchange.principal = whoMayCall(alternatives, exchange.model);
    const routing = exchange.principal.terms?.routing;
    exchange.deadlines = deadlinesOf(exchange, body, routing);
    checkClientParameters(body, exchange.snapshot);
    const tags = name(exchange, body);
    checkRequired(exchange, body);
    checkTools(exchange.principal, body);
    exchange.wishes = wishesOf(exchange.headers, body, exchange.snapshot, tags, routing);
    return exchange as Read;
  },
});

/** The first, where none may: it is refused with that one's list. */
const whoMayCall = (alternatives: readonly Principal[], model: string): Principal =>
  alternatives.find(({ terms }) => terms?.models.allows(model)) ?? alternatives[0]!;

/** @returns the tags as the router reads them, with what it is not to have */
const name = (exchange: Authenticated, body: JsonObject): readonly string[] | undefined => {
  const { headers, principal, snapshot } = exchange;
  const naming = { headers, body, settings: snapshot.config.callers };
  exchange.customer = principal.customer ?? customerIn(naming);
  exchange.internalUser = internalUserIn(naming);
  const tags = tagsIn(naming, principal.terms?.tags);
  exchange.tags = tags && plainTags(tags);
  return tags;
};

/** Keys of general_settings that name the one model of an endpoint. */
const OVERRIDES: Readonly<Record<OperationName, string>> = {
  chat: 'completion_model',
  completions: 'completion_model',
  embeddings: 'embedding_model',
};

/** A configured override wins over the path, the path over the body. */
const modelOf = (exchange: Exchange, body: JsonObject): string => {
  const override = exchange.snapshot.config.requests.modelOverrides[OVERRIDES[exchange.front.operation]];
  const model = override ?? exchange.pathModel ?? body['model'];
  if (model === undefined || model === null || model === '') {
    throw invalidRequest("'model' is required. GET /v1/models lists the names.", 'model');
  }
  if (typeof model !== 'string') throw invalidRequest("'model' must be a string.", 'model');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(model)) throw invalidRequest("'model' must be a model name, not a URL.", 'model');
  // Neither headers nor addresses can hold them: control characters, and half a surrogate pair.
  if (/[\p{Cc}\p{Cs}]/u.test(model)) throw invalidRequest("'model' holds characters that no name has.", 'model');
  if (model.length > 512) throw invalidRequest("'model' is longer than 512 characters.", 'model');
  return model;
};

const streamOf = (body: JsonObject): boolean => {
  const stream = body['stream'] ?? false;
  if (typeof stream !== 'boolean') throw invalidRequest("'stream' must be true or false.", 'stream');
  return stream;
};

/** Header over body, body over the caller's own; absent parts are filled by the deployment and the router once they are known. */
const deadlinesOf = (
  { headers, snapshot }: Exchange,
  body: JsonObject,
  ofCaller: Readonly<JsonObject> | undefined,
): Deadlines => {
  const attempt = secondsOf(
    headers['x-litellm-timeout'],
    body['timeout'] ?? body['request_timeout'] ?? ofCaller?.['timeout'],
    'timeout',
  );
  const firstToken = secondsOf(
    headers['x-litellm-stream-timeout'],
    body['stream_timeout'] ?? ofCaller?.['stream_timeout'],
    'stream_timeout',
  );
  const idle = secondsOf(headers['x-litellm-stream-idle-timeout'], body['stream_idle_timeout'], 'stream_idle_timeout');
  const connect = secondsOf(headers['x-litellm-connect-timeout'], body['connect_timeout'], 'connect_timeout');
  const asked = attempt ?? firstToken ?? idle ?? connect;
  if (asked === undefined) return snapshot.noDeadlines;
  return { attemptMs: attempt ?? 0, firstTokenMs: firstToken ?? 0, idleMs: idle ?? 0, connectMs: connect ?? 0 };
};

const secondsOf = (header: string | string[] | undefined, value: unknown, name: string): number | undefined => {
  const given = header ?? value;
  if (given === undefined || given === null) return undefined;
  const seconds = typeof given === 'object' || typeof given === 'boolean' ? Number.NaN : Number(given);
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw invalidRequest(`'${name}' must be a number of seconds above 0.`, name);
  return Math.min(seconds * 1_000, 0x7fff_ffff);
};
