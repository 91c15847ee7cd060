// A stream that is under way: upstream on one side, client on the other.
import type { Usage } from '@turnpike/domain';
import { GatewayError, namingProvider, type UpstreamFailure } from '@turnpike/errors';
import type { IncomingHeaders, ResponseSink, Transfer } from '@turnpike/kernel';
import type { ClientSide, StreamAnswer, StreamEnd } from './answer.js';
import { checkHead } from './answer-head.js';
import { BoundedBody } from './bounded-body.js';
import type { Relay } from './relay.js';

export interface LiveStreamOptions {
  relay: Relay;
  /** Plugin id, for what goes wrong. */
  provider: string;
  /** Reads a failed answer (status ≥ 400). */
  toError: (failure: UpstreamFailure) => GatewayError;
  /** Text that tells the client of an error in mid-stream. */
  errorFrame: (body: string) => string;
  /** A host that ignored `stream` and answered with one JSON document: what relays that. */
  onDocument: (document: Buffer) => Relay;
  onFirst: () => void;
}

/** Node's timers know no longer time. */
const MAX_TIMER_MS = 0x7fff_ffff;

/** How long a stream may take. Milliseconds. */
export interface StreamTimes {
  readonly firstTokenMs: number;
  readonly totalMs: number;
}

/** What may wait for its client once the stream has begun: until then no write tells when to stop. */
const MAX_PENDING_BYTES = 64 * 1024;

/**
 * Waits for the first event before it lets go: until then a failure is an ordinary error, and the client has seen
 * nothing. Afterwards it forwards with back-pressure.
 */
export class LiveStream implements ResponseSink, StreamAnswer {
  readonly kind = 'stream';
  headers: IncomingHeaders = {};
  private transfer: Transfer | undefined;
  private pending: (Buffer | string)[] = [];
  private pendingLength = 0;
  private client: ClientSide | undefined;
  private failureBody: BoundedBody | undefined;
  private document: BoundedBody | undefined;
  private status = 0;
  private end: StreamEnd | undefined;
  private finish: ((end: StreamEnd) => void) | undefined;
  private isReady = false;
  /** The client reads more slowly than the provider writes, or cannot be given anything yet. */
  private isPaused = false;
  private ready: (() => void) | undefined;
  private refuse: ((error: unknown) => void) | undefined;
  /** Until the first event, for that; from then on for the whole. */
  private timer: NodeJS.Timeout | undefined;
  private endsAt = 0;
  private relay: Relay;

  constructor(private readonly options: LiveStreamOptions) {
    this.relay = options.relay;
  }

  /** Resolves at the first event. @throws our error when there is none */
  opened(transfer: Transfer, { firstTokenMs, totalMs }: StreamTimes): Promise<this> {
    this.transfer = transfer;
    this.endsAt = performance.now() + totalMs;
    return new Promise((resolve, reject) => {
      this.ready = () => resolve(this);
      this.refuse = reject;
      if (this.end?.status === 'failure') reject(this.end.error);
      else if (this.isReady) resolve(this);
      else
        this.timer = setTimeout(onTimeout, firstTokenMs, this, `sent no first token within ${firstTokenMs / 1_000} s`);
    });
  }

  get usage(): Usage | undefined {
    return this.relay.usage;
  }

  estimateOutputTokens(): number {
    return this.relay.estimateOutputTokens();
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
    this.send(this.relay.push(chunk));
    if (!this.isReady && this.relay.hasBegun) this.begin();
  }

  onEnd(): void {
    try {
      if (this.failureBody) throw this.options.toError(this.failureBody.toFailure(this.status, this.headers));
      if (this.document) this.relay = this.options.onDocument(this.document.bytes());
      this.send(this.relay.end());
    } catch (error) {
      return this.fail(error);
    }
    this.begin();
    this.over({ status: 'success' });
  }

  onError(error: GatewayError): void {
    this.fail(error);
  }

  pipe(client: ClientSide): Promise<StreamEnd> {
    return new Promise((resolve) => {
      this.finish = resolve;
      this.client = client;
      const { pending, isPaused: wasHeld } = this;
      this.pending = [];
      this.isPaused = false;
      for (const piece of pending) this.send(piece);
      if (this.relay.isKept) this.release();
      if (wasHeld) this.resumeUnlessPaused();
      if (this.end) resolve(this.end);
    });
  }

  /** The client left, or nobody wants the answer any more. */
  abort(): void {
    clearTimeout(this.timer);
    this.transfer?.abort();
    if (!this.isReady) this.refuse?.(new GatewayError('GW_CLIENT_CLOSED', 'The client left before the answer began.'));
    this.over({ status: 'client_closed' });
  }

  timedOut(what: string): void {
    this.transfer?.abort();
    this.fail(new GatewayError('GW_TIMEOUT', `The provider ${what}.`));
  }

  private begin(): void {
    if (this.isReady) return;
    this.isReady = true;
    clearTimeout(this.timer);
    if (!this.end) {
      const leftMs = Math.min(Math.max(1, this.endsAt - performance.now()), MAX_TIMER_MS);
      this.timer = setTimeout(onTimeout, leftMs, this, 'was still sending when the time of the call was over');
    }
    this.options.onFirst();
    // What cannot be written yet is not read either.
    if (this.relay.isKept && !this.end) this.pause();
    this.ready?.();
  }

  /** It may have ended well before somebody saw what it says. */
  private release(): void {
    try {
      this.send(this.relay.release?.() ?? '');
    } catch (error) {
      this.transfer?.abort();
      this.end = undefined;
      this.fail(error);
    }
  }

  private send(piece: Buffer | string): void {
    if (piece.length === 0) return;
    const { client } = this;
    if (!client) {
      this.pending.push(piece);
      this.pendingLength += piece.length;
      if (this.isReady && !this.isPaused && this.pendingLength > MAX_PENDING_BYTES) this.pause();
      return;
    }
    if (client.write(piece) || client.destroyed || this.isPaused) return;
    this.pause();
    // A client that never reads again loses its connection, and the stream is aborted like that of any that leaves.
    client.once('drain', () => {
      this.isPaused = false;
      this.transfer?.resume();
    });
  }

  private resumeUnlessPaused(): void {
    if (!this.isPaused) this.transfer?.resume();
  }

  private pause(): void {
    this.isPaused = true;
    this.transfer?.pause();
  }

  private fail(thrown: unknown): void {
    clearTimeout(this.timer);
    const error = namingProvider(thrown, this.options.provider);
    if (!this.isReady) {
      this.end ??= { status: 'failure', error };
      this.refuse?.(error);
      return;
    }
    this.send(this.relay.leftover());
    this.over({ status: 'failure', error });
  }

  private over(end: StreamEnd): void {
    if (this.end) return;
    clearTimeout(this.timer);
    this.end = end;
    this.finish?.(end);
  }
}

const onTimeout = (stream: LiveStream, what: string): void => stream.timedOut(what);
