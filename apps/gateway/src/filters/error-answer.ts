// The one place where an error becomes an HTTP answer.
import type { GatewayError } from '@turnpike/errors';
import { redactText } from '@turnpike/telemetry';
import { toOpenAiErrorBody } from '@turnpike/wire';
import type { ServerResponse } from 'node:http';
import type { Front } from '../routes/front.js';

/** Messages quote what was wrong, and that may be megabytes. */
const MAX_MESSAGE_CHARACTERS = 4_000;

/** The body of an error in a client's dialect; OpenAI's where no dialect is known. */
export const errorBody = (front: Front | undefined, error: GatewayError): string => {
  const message = redactText(error.message).slice(0, MAX_MESSAGE_CHARACTERS);
  return front ? front.errorBody(error, message) : toOpenAiErrorBody(error, message);
};

/** Headers that tell clients whether and when to come back. The official SDKs obey `x-should-retry`. */
export const retryHeaders = (error: GatewayError): string[] => {
  const headers: string[] = [];
  const { retryAfterMs } = error.facts;
  if (retryAfterMs !== undefined) {
    headers.push('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  } else if (error.status === 503 || error.code === 'GW_NO_DEPLOYMENT_READY') headers.push('retry-after', '1');
  if (!error.isRetryable) headers.push('x-should-retry', 'false');
  return headers;
};

/** Sends the whole answer, unless something of another one is out already: then the connection ends. */
export const sendError = (
  response: ServerResponse,
  error: GatewayError,
  front?: Front,
  headers: string[] = [],
): void => {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(errorBody(front, error));
  response.writeHead(error.status, [
    ...headers,
    ...retryHeaders(error),
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
  ]);
  response.end(body);
};
