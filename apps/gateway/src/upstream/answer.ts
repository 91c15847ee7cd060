// What came back from upstream, before it is an answer to the client.
import type { Usage } from '@turnpike/domain';
import type { IncomingHeaders } from '@turnpike/kernel';
import type { ListAnswer } from '../cache/list-parts.js';

export interface WholeAnswer {
  readonly kind: 'whole';
  /** In the client's dialect. */
  readonly body: Buffer;
  readonly usage: Usage | undefined;
  /** The provider told none: `usage` is what the request says of it. */
  readonly isUsageEstimated?: boolean;
  /** The provider's own headers, lower-case names. */
  readonly headers: IncomingHeaders;
  /** What is new in it, where some of the answer was kept before. */
  readonly fresh?: ListAnswer;
}

/** What a stream is sent to: a client's response, or what several clients read from. */
export interface ClientSide {
  readonly destroyed: boolean;
  /** @returns false: enough for now, until it emits `drain` */
  write(piece: Buffer | string): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
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
  pipe(response: ClientSide): Promise<StreamEnd>;
  /** Text that tells the client of an error in the middle of the stream. */
  errorFrame(body: string): string;
  /** Gives up the upstream. */
  abort(): void;
}

export type UpstreamAnswer = WholeAnswer | UncheckedAnswer | StreamAnswer;
