// What came back from upstream, before it is an answer to the client.
import type { Usage } from '@turnpike/domain';
import type { IncomingHeaders } from '@turnpike/kernel';
import type { ServerResponse } from 'node:http';

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
  pipe(response: ServerResponse): Promise<StreamEnd>;
  /** Text that tells the client of an error in the middle of the stream. */
  errorFrame(body: string): string;
  /** Gives up the upstream. */
  abort(): void;
}

export type UpstreamAnswer = WholeAnswer | StreamAnswer;
