// A stream that an equal request began, for a client that follows it.
import type { Seat } from '../cache/flights.js';
import type { Recalled } from '../pipeline/exchange.js';
import type { ClientSide, StreamAnswer, StreamEnd } from './answer.js';

export class FollowedStream implements StreamAnswer {
  readonly kind = 'stream';
  readonly headers = {};
  /** Counted where it was made. */
  readonly usage = undefined;

  constructor(
    private readonly exchange: Recalled,
    private readonly seat: Seat,
  ) {}

  estimateOutputTokens(): number {
    return 0;
  }

  errorFrame(body: string): string {
    return this.exchange.front.encoder(false).error(body);
  }

  abort(): void {
    this.seat.abort();
  }

  pipe(response: ClientSide): Promise<StreamEnd> {
    return this.seat.read(response);
  }
}
