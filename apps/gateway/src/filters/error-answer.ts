// The one place where an error becomes an HTTP answer.
import { GatewayError } from '@turnpike/errors';
import { redactText } from '@turnpike/telemetry';
import { toOpenAiErrorBody } from '@turnpike/wire';
import type { ServerResponse } from 'node:http';
import type { Front } from '../routes/front.js';

/** Messages quote what was wrong, and that may be megabytes. */
const MAX_MESSAGE_CHARACTERS = 4_000;
const MAX_PARAM_CHARACTERS = 200;

/** What people outside may read of it. */
export const shownMessage = (error: GatewayError): string => redactText(error.message).slice(0, MAX_MESSAGE_CHARACTERS);

/** The body of an error in a client's dialect; OpenAI's where no dialect is known. */
export const errorBody = (front: Front | undefined, error: GatewayError): string => {
  const message = shownMessage(error);
  const safe = withSafeParam(error);
  return front ? front.errorBody(safe, message) : toOpenAiErrorBody(safe, message);
};

/** The field at fault is sometimes a provider's word, which may be anything. */
const withSafeParam = (error: GatewayError): GatewayError => {
  const { param } = error.facts;
  if (param === undefined) return error;
  const safe = redactText(param).slice(0, MAX_PARAM_CHARACTERS);
  return safe === param ? error : new GatewayError(error.code, error.message, { ...error.facts, param: safe });
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
  // What belongs to the start has no status; in a call it is our own fault.
  response.writeHead(error.status || 500, [
    ...headers,
    ...retryHeaders(error),
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
  ]);
  response.end(body);
};
