// How much of a stream may wait for the end of its event.
import { unreadable } from '../faults.js';

/** Generated images arrive as one line of base64, so the bound is generous. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** @throws GW_UPSTREAM_INVALID_RESPONSE */
export const checkEventSize = (bytes: number): void => {
  if (bytes > MAX_EVENT_BYTES) throw unreadable(`a stream event is larger than ${MAX_EVENT_BYTES} bytes`);
};
