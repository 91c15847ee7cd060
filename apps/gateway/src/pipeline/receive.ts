// Stage 1: bytes become a request. Ends with 400, 413 or 415.
import type { JsonObject } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import { randomUUID } from 'node:crypto';
import { parseJsonObject } from '../bytes/parse-json.js';
import type { OperationName } from '../routes/front.js';
import type { Runtime } from '../runtime/runtime.js';
import { checkClientParameters } from '../upstream/client-parameters.js';
import type { Deadlines, Exchange, Received } from './exchange.js';
import type { Stage } from './stage.js';

const CALL_ID = /^[\w.:-]{1,128}$/;

export const receive = (runtime: Runtime): Stage<Exchange, Received> => ({
  name: 'receive',
  run(exchange) {
    exchange.callId = callIdOf(exchange.headers['x-litellm-call-id']);
    if (runtime.isDraining)
      throw new GatewayError('GW_DRAINING', 'This gateway is shutting down. Send the request again.', {
        retryAfterMs: 1_000,
      });
    checkContentType(exchange.headers['content-type']);
    checkContentEncoding(exchange.headers['content-encoding']);
    const body = parseJsonObject(exchange.raw);
    exchange.body = body;
    exchange.model = modelOf(exchange, body);
    exchange.isStream = streamOf(body);
    exchange.deadlines = deadlinesOf(exchange, body);
    checkClientParameters(body, exchange.snapshot);
    return exchange as Received;
  },
});

const callIdOf = (header: string | string[] | undefined): string =>
  typeof header === 'string' && CALL_ID.test(header) ? header : randomUUID();

const checkContentType = (type: string | undefined): void => {
  if (type === undefined || /^application\/(?:[\w.+-]*\+)?json\b/i.test(type)) return;
  throw new GatewayError(
    'GW_UNSUPPORTED_MEDIA_TYPE',
    `The content type '${type.slice(0, 100)}' is not one this route reads. Send 'content-type: application/json'.`,
  );
};

const checkContentEncoding = (encoding: string | undefined): void => {
  if (encoding === undefined || /^identity$/i.test(encoding)) return;
  throw new GatewayError(
    'GW_UNSUPPORTED_MEDIA_TYPE',
    `The body is compressed (${encoding.slice(0, 100)}). Send it as it is, without a content-encoding header.`,
  );
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

/** Header over body; absent parts are filled by the deployment and the router once they are known. */
const deadlinesOf = ({ headers, snapshot }: Exchange, body: JsonObject): Deadlines => {
  const total = secondsOf(headers['x-litellm-timeout'], body['timeout'] ?? body['request_timeout'], 'timeout');
  const firstToken = secondsOf(headers['x-litellm-stream-timeout'], body['stream_timeout'], 'stream_timeout');
  if (total === undefined && firstToken === undefined) return snapshot.noDeadlines;
  return { totalMs: total ?? 0, firstTokenMs: firstToken ?? 0 };
};

const secondsOf = (header: string | string[] | undefined, value: unknown, name: string): number | undefined => {
  const given = header ?? value;
  if (given === undefined || given === null) return undefined;
  const seconds = typeof given === 'object' || typeof given === 'boolean' ? Number.NaN : Number(given);
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw invalidRequest(`'${name}' must be a number of seconds above 0.`, name);
  return Math.min(seconds * 1_000, 0x7fff_ffff);
};
