// The JSON that an event of a provider's stream carries.
import type { JsonValue } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { SseEvent } from './parser.js';

export const streamCut = (): GatewayError =>
  new GatewayError('GW_STREAM_CUT', 'The provider closed the stream before the answer was complete.');

/**
 * @returns undefined for an event that the end of the stream cut off: whether the answer is complete, the others tell
 * @throws GW_UPSTREAM_INVALID_RESPONSE
 */
export const parseEventJson = ({ data, isUnclosed }: SseEvent): JsonValue | undefined => {
  try {
    return JSON.parse(data) as JsonValue;
  } catch (cause) {
    if (isUnclosed) return undefined;
    throw new GatewayError(
      'GW_UPSTREAM_INVALID_RESPONSE',
      "The provider's answer cannot be read: a stream event is not JSON.",
      { cause },
    );
  }
};
