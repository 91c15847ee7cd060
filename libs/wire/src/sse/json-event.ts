// The JSON that an event of a provider's stream carries.
import type { JsonValue } from '@turnpike/domain';
import { unreadable } from '../faults.js';
import type { SseEvent } from './parser.js';

/**
 * @returns undefined for an event that the end of the stream cut off: whether the answer is complete, the others tell
 * @throws GW_UPSTREAM_INVALID_RESPONSE
 */
export const parseEventJson = ({ data, isUnclosed }: SseEvent): JsonValue | undefined => {
  try {
    return JSON.parse(data) as JsonValue;
  } catch (cause) {
    if (isUnclosed) return undefined;
    throw unreadable('a stream event is not JSON', cause);
  }
};
