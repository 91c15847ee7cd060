// What is wrong with a provider's answer, in words that every format shares. Who reads an answer does not know whose it
// is: it says "The provider", and whoever knows puts the name there (`namingProvider`).
import type { JsonObject } from '@turnpike/domain';
import { classifyUpstreamError, GatewayError, readErrorValue } from '@turnpike/errors';

/** Beginnings of what is said of an error that came inside a 200. */
export const ANSWERED_WITH_ERROR = 'The provider answered with an error';
export const BROKE_OFF_STREAM = 'The provider broke off the stream';
export const GAVE_UP = 'The provider gave up';

/** @param what goes on after "cannot be read": `it has no 'choices'` */
export const unreadable = (what: string, cause?: unknown): GatewayError =>
  new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `The provider's answer cannot be read: ${what}.`, { cause });

export const streamCut = (): GatewayError =>
  new GatewayError('GW_STREAM_CUT', 'The provider closed the stream before the answer was complete.');

/** `{error}` in any shape that came inside a 200 → our error. @param what its beginning, without the colon */
export const toInnerError = (failure: JsonObject, what: string): GatewayError => {
  const read = readErrorValue(failure);
  return new GatewayError(classifyUpstreamError(200, read), `${what}: ${read.message || 'no reason given'}`, {
    upstreamCode: read.code,
    upstreamType: read.type,
  });
};
