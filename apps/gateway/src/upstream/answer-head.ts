// What the head of an upstream's answer tells already: whether the rest can be read.
import { GatewayError, type UpstreamFailure } from '@turnpike/errors';
import type { IncomingHeaders } from '@turnpike/kernel';

/** A failed answer: enough of it to read the error. */
export const MAX_FAILURE_BYTES = 64 * 1024;

/** We never say that we take compressed answers; some hosts send them all the same. */
const isCompressed = (headers: IncomingHeaders): boolean =>
  headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity';

/** For statuses under 400; failures are read by their status. @throws GW_UPSTREAM_INVALID_RESPONSE */
export const checkHead = (status: number, headers: IncomingHeaders): void => {
  if (status >= 300) throw unreadable(`a redirect (${status}). Check api_base.`);
  if (isCompressed(headers))
    throw unreadable(
      `a compressed body (${String(headers['content-encoding']).slice(0, 60)}), which was not asked for.`,
    );
};

const unreadable = (what: string): GatewayError =>
  new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `The provider answered with ${what}`);

export const toFailure = (status: number, headers: IncomingHeaders, body: Buffer): UpstreamFailure => ({
  status,
  headers,
  body: isCompressed(headers) ? '' : body.toString('utf8', 0, MAX_FAILURE_BYTES),
});
