// Collects a whole answer.
import { GatewayError } from '@turnpike/errors';
import type { IncomingHeaders, ResponseSink, Transfer } from '@turnpike/kernel';

/** What an upstream answered, whatever its status. */
export interface WholeUpstreamAnswer {
  status: number;
  headers: IncomingHeaders;
  body: Buffer;
}

export class WholeSink implements ResponseSink {
  private status = 0;
  private headers: IncomingHeaders = {};
  private first: Buffer | undefined;
  private rest: Buffer[] | undefined;
  private size = 0;
  private resolve: ((answer: WholeUpstreamAnswer) => void) | undefined;
  private reject: ((error: unknown) => void) | undefined;
  private early: unknown;
  private isOver = false;
  private timer: NodeJS.Timeout | undefined;
  private transfer: Transfer | undefined;

  constructor(private readonly maxBytes: number) {}

  /** Resolves with the answer. @throws GW_TIMEOUT, GW_UPSTREAM_CONNECTION, GW_STREAM_CUT, GW_CLIENT_CLOSED */
  received(transfer: Transfer, totalMs: number): Promise<WholeUpstreamAnswer> {
    this.transfer = transfer;
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      if (this.early !== undefined) reject(this.early);
      else this.timer = setTimeout(onTimeout, totalMs, this, totalMs);
    });
  }

  onHead(status: number, headers: IncomingHeaders): void {
    this.status = status;
    this.headers = headers;
  }

  onData(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.maxBytes) {
      throw new GatewayError(
        'GW_UPSTREAM_INVALID_RESPONSE',
        `The provider's answer is larger than ${this.maxBytes} bytes.`,
      );
    }
    // Most answers come in one piece.
    if (!this.first) this.first = chunk;
    else (this.rest ??= [this.first]).push(chunk);
  }

  onEnd(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    const body = this.rest ? Buffer.concat(this.rest) : (this.first ?? Buffer.alloc(0));
    this.resolve?.({ status: this.status, headers: this.headers, body });
  }

  onError(error: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    if (this.reject) this.reject(error);
    else this.early = error;
  }

  /** The client left. */
  abort(): void {
    this.transfer?.abort();
    this.onError(new GatewayError('GW_CLIENT_CLOSED', 'The client left before the answer came.'));
  }

  timedOut(afterMs: number): void {
    this.transfer?.abort();
    this.onError(new GatewayError('GW_TIMEOUT', `The provider did not answer within ${afterMs / 1_000} s.`));
  }
}

const onTimeout = (sink: WholeSink, afterMs: number): void => sink.timedOut(afterMs);
