// Stage 1: a request arrives: its call id, and whether its head is one we take. Ends with 413, 415 or 503.
import { GatewayError } from '@turnpike/errors';
import type { Runtime } from '../runtime/runtime.js';
import { newCallId } from './call-id.js';
import type { Exchange, Received } from './exchange.js';
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
    exchange.isReceived = true;
    return exchange as Received;
  },
});

const callIdOf = (header: string | string[] | undefined): string =>
  typeof header === 'string' && CALL_ID.test(header) ? header : newCallId();

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
