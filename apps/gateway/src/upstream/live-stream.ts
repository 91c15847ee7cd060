// A stream that is under way: upstream on one side, client on the other.
import type { Usage } from '@turnpike/domain';
import { GatewayError, type UpstreamFailure } from '@turnpike/errors';
import type { IncomingHeaders, ResponseSink, Transfer } from '@turnpike/kernel';
import type { ServerResponse } from 'node:http';
import type { StreamAnswer, StreamEnd } from './answer.js';
import { checkHead } from './answer-head.js';
import { BoundedBody } from './bounded-body.js';
import type { Relay } from './relay.js';

export interface LiveStreamOptions {
  relay: Relay;
  /** Reads a failed answer (status ≥ 400). */
  toError: (failure: UpstreamFailure) => GatewayError;
  /** Text that tells the client of an error in mid-stream. */
  errorFrame: (body: string) => string;
  /** A host that ignored `stream` and answered with one JSON document. */
  onDocument: (document: Buffer) => string;
  onFirst: () => void;
}

/**
 * Waits for the first event before it lets go: until then a failure is an ordinary error, and the client has seen
 * nothing. Afterwards it forwards with back-pressure.
 */
export class LiveStream implements ResponseSink, StreamAnswer {
  readonly kind = 'stream';
  headers: IncomingHeaders = {};
  private transfer: Transfer | undefined;
  private pending: (Buffer | string)[] = [];
  private response: ServerResponse | undefined;
  private failureBody: BoundedBody | undefined;
  private document: BoundedBody | undefined;
  private status = 0;
  private end: StreamEnd | undefined;
  private finish: ((end: StreamEnd) => void) | undefined;
  private isReady = false;
  /** The client reads more slowly than the provider writes. */
  private isPaused = false;
  private ready: (() => void) | undefined;
  private refuse: ((error: unknown) => void) | undefined;
  private firstTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: LiveStreamOptions) {}

  /** Resolves at the first event. @throws our error when there is none */
  opened(transfer: Transfer, firstTokenMs: number): Promise<this> {
    this.transfer = transfer;
    return new Promise((resolve, reject) => {
      this.ready = () => resolve(this);
      this.refuse = reject;
      if (this.end?.status === 'failure') reject(this.end.error);
      else if (this.isReady) resolve(this);
      else this.firstTimer = setTimeout(onFirstTimeout, firstTokenMs, this, firstTokenMs);
    });
  }

  get usage(): Usage | undefined {
    return this.options.relay.usage;
  }

  estimateOutputTokens(): number {
    return this.options.relay.estimateOutputTokens();
  }

  errorFrame(body: string): string {
    return this.options.errorFrame(body);
  }

  onHead(status: number, headers: IncomingHeaders): void {
    this.status = status;
    this.headers = headers;
    if (status >= 400) {
      this.failureBody = BoundedBody.forFailure();
      return;
    }
    checkHead(status, headers);
    const type = String(headers['content-type']);
    if (/^text\/html\b/i.test(type))
      throw new GatewayError(
        'GW_UPSTREAM_INVALID_RESPONSE',
        'The provider answered HTML, not a stream. Check api_base.',
      );
    if (/^application\/json\b/i.test(type)) this.document = BoundedBody.forDocument();
  }

  onData(chunk: Buffer): void {
    const collecting = this.failureBody ?? this.document;
    if (collecting) return collecting.add(chunk);
    this.send(this.options.relay.push(chunk));
    if (!this.isReady && this.options.relay.hasBegun) this.begin();
  }

  onEnd(): void {
    try {
      if (this.failureBody) throw this.options.toError(this.failureBody.toFailure(this.status, this.headers));
      this.send(this.document ? this.options.onDocument(this.document.bytes()) : this.options.relay.end());
    } catch (error) {
      return this.fail(error);
    }
    this.begin();
    this.over({ status: 'success' });
  }

  onError(error: GatewayError): void {
    this.fail(error);
  }

  pipe(response: ServerResponse): Promise<StreamEnd> {
    return new Promise((resolve) => {
      this.finish = resolve;
      this.response = response;
      const { pending } = this;
      this.pending = [];
      for (const piece of pending) this.send(piece);
      if (this.end) resolve(this.end);
    });
  }

  /** The client left, or nobody wants the answer any more. */
  abort(): void {
    clearTimeout(this.firstTimer);
    this.transfer?.abort();
    if (!this.isReady) this.refuse?.(new GatewayError('GW_CLIENT_CLOSED', 'The client left before the answer began.'));
    this.over({ status: 'client_closed' });
  }

  timedOut(afterMs: number): void {
    this.transfer?.abort();
    this.fail(new GatewayError('GW_TIMEOUT', `The provider sent no first token within ${afterMs / 1_000} s.`));
  }

  private begin(): void {
    if (this.isReady) return;
    this.isReady = true;
    clearTimeout(this.firstTimer);
    this.options.onFirst();
    this.ready?.();
  }

  private send(piece: Buffer | string): void {
    if (piece.length === 0) return;
    const { response } = this;
    if (!response) {
      this.pending.push(piece);
      return;
    }
    if (response.write(piece) || response.destroyed || this.isPaused) return;
    this.isPaused = true;
    this.transfer?.pause();
    response.once('drain', () => {
      this.isPaused = false;
      this.transfer?.resume();
    });
  }

  private fail(error: unknown): void {
    clearTimeout(this.firstTimer);
    if (!this.isReady) {
      this.end ??= { status: 'failure', error };
      this.refuse?.(error);
      return;
    }
    this.send(this.options.relay.leftover());
    this.over({ status: 'failure', error });
  }

  private over(end: StreamEnd): void {
    if (this.end) return;
    this.end = end;
    this.finish?.(end);
  }
}

const onFirstTimeout = (stream: LiveStream, afterMs: number): void => stream.timedOut(afterMs);
