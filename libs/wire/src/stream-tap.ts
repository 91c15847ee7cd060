// Reads a stream on the side while its bytes go to a client of the same dialect.
import type { Usage } from '@turnpike/domain';

/** One per stream. It forwards whole events only, so that what it must withhold is never half sent. */
export interface StreamTap {
  /** Bytes to send on; may be empty. @throws our error for an error event, which is not sent on */
  push(bytes: Buffer): Buffer;
  /** The upstream closed: what is left to send. @throws GW_STREAM_CUT when the answer was not complete */
  end(): Buffer;
  /** After a throw: bytes of whole events that came before the fault and are still to be sent. */
  leftover(): Buffer;
  /** As the upstream told, if it has. */
  readonly usage: Usage | undefined;
  /** Events seen so far. */
  readonly events: number;
  /** Output tokens so far, estimated from what was delivered. */
  estimateOutputTokens(): number;
}
