// What came back from upstream, before it is an answer to the client.
import type { Usage } from '@turnpike/domain';
import type { IncomingHeaders } from '@turnpike/kernel';

export interface WholeAnswer {
  readonly kind: 'whole';
  /** In the client's dialect. */
  readonly body: Buffer;
  readonly usage: Usage | undefined;
  /** The provider told none: `usage` is what the request says of it. */
  readonly isUsageEstimated?: boolean;
  /** The provider's own headers, lower-case names. */
  readonly headers: IncomingHeaders;
}

/** A whole answer that somebody must see before it is written in the client's dialect. */
export interface UncheckedAnswer {
  readonly kind: 'unchecked';
  /** The operation's own. */
  readonly response: unknown;
  readonly usage: Usage | undefined;
  readonly isUsageEstimated?: boolean;
  readonly headers: IncomingHeaders;
}

/** How a stream ended for the client. */
export type StreamEnd = { status: 'success' } | { status: 'failure'; error: unknown } | { status: 'client_closed' };

/** Where the pieces of a stream go: the client's response, as far as a stream has to know it. */
export interface Outlet {
  readonly destroyed: boolean;
  /** False: it is full until it drains. */
  write(piece: string | Buffer): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

export interface StreamAnswer {
  readonly kind: 'stream';
  readonly headers: IncomingHeaders;
  /** As told so far. */
  readonly usage: Usage | undefined;
  /** Output tokens delivered so far, for when the upstream never tells. */
  estimateOutputTokens(): number;
  /**
   * Sends what there is and what comes, with back-pressure. The head must be out. Never rejects; does not end the
   * response, so that whatever belongs before the last byte can be done.
   */
  pipe(outlet: Outlet): Promise<StreamEnd>;
  /** Text that tells the client of an error in the middle of the stream. */
  errorFrame(body: string): string;
  /** Gives up the upstream. */
  abort(): void;
}

export type UpstreamAnswer = WholeAnswer | UncheckedAnswer | StreamAnswer;
