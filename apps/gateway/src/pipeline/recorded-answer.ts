// The whole answer that a stream told.
import type { JsonObject } from '@turnpike/domain';
import type { Exchange } from './exchange.js';

/**
 * Reads it in the client's dialect, whenever it is wanted; what it reads is no longer bound to the call. It gives undefined
 * for a stream that said nothing whole. Undefined: nobody kept it, or it went on elsewhere.
 */
export const recordedAnswer = ({ attempt, front, body }: Exchange): (() => JsonObject | undefined) | undefined => {
  const chunks = attempt?.transcript?.former ? undefined : attempt?.recording?.chunks;
  if (!chunks || !body) return undefined;
  return () => {
    try {
      return front.fromDomain(front.join(chunks), body);
    } catch {
      // The client left before it said anything.
      return undefined;
    }
  };
};
