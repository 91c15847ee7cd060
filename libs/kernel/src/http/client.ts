// The one HTTP client. `send` is the hot path: no promises, no streams, bytes straight to a sink.
import { GatewayError } from '@turnpike/errors';
import type { HttpClient, HttpRequest, HttpResponse } from '@turnpike/plugin-sdk';
import type { Dispatcher } from 'undici';
import { connectionError } from './errors.js';
import { Pools } from './pools.js';
import type { HttpClientSettings } from './settings.js';

export type IncomingHeaders = Record<string, string | string[] | undefined>;

export interface OutgoingRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute. */
  url: string;
  headers: Record<string, string>;
  body?: Uint8Array | string;
  /** Time to the head of the answer. */
  headTimeoutMs: number;
  /** Longest silence inside the answer. */
  idleTimeoutMs: number;
  /** Time to a connection, where it may be shorter than the client's own. */
  connectTimeoutMs?: number;
  /** The address did not come from the operator's file. */
  isGuarded?: boolean;
}

/** Receives one answer. Exactly one of `onEnd` and `onError` is called, once; nothing follows it. */
export interface ResponseSink {
  onHead(status: number, headers: IncomingHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: GatewayError): void;
}

/** Steers a request that is under way. All three may be called at any time, also after the end. */
export interface Transfer {
  /** The sink hears nothing more. */
  abort(): void;
  pause(): void;
  resume(): void;
}

interface Route {
  dispatcher: Dispatcher;
  origin: string;
  path: string;
}

const MAX_ROUTES = 10_000;
const MAX_REDIRECTS = 3;

export class UpstreamClient implements HttpClient {
  private readonly pools: Pools;
  /** URL → pool and path, so that a URL is parsed once and not once a call. */
  private readonly routes = new Map<string, Route>();
  private readonly guardedRoutes = new Map<string, Route>();

  constructor(settings: HttpClientSettings) {
    this.pools = new Pools(settings);
  }

  /** The same for those whose addresses did not come from the operator's file. */
  guarded(): HttpClient {
    return { request: (request) => this.request({ ...request, isGuarded: true }) };
  }

  /**
   * Whether a guarded request could reach this address now. A name that cannot be resolved may come to be.
   * @throws GW_EGRESS_REFUSED
   */
  checkAddress(url: URL): Promise<void> {
    return this.pools.guard.check(url);
  }

  /** @throws GW_EGRESS_REFUSED for guarded literal addresses, GW_UPSTREAM_CONNECTION for a URL that is none */
  send(request: OutgoingRequest, sink: ResponseSink): Transfer {
    const route = this.route(request.url, request.isGuarded === true);
    const transfer = new OpenTransfer(sink, route.origin);
    if (request.connectTimeoutMs) transfer.connectWithin(request.connectTimeoutMs);
    route.dispatcher.dispatch(
      {
        origin: route.origin,
        path: route.path,
        method: request.method,
        headers: request.headers,
        body: request.body,
        headersTimeout: request.headTimeoutMs,
        bodyTimeout: request.idleTimeoutMs,
      },
      transfer,
    );
    return transfer;
  }

  /** The whole answer at once, for plugins and for checks; not for the hot path. */
  async request(request: HttpRequest & { isGuarded?: boolean; followRedirects?: boolean }): Promise<HttpResponse> {
    const timeoutMs = request.timeoutMs ?? 30_000;
    const signals = [AbortSignal.timeout(timeoutMs), ...(request.signal ? [request.signal] : [])];
    const signal = AbortSignal.any(signals);
    let { url } = request;
    for (let hop = 0; ; hop += 1) {
      const answer = await this.whole({ ...request, url }, timeoutMs, signal);
      const location = answer.headers['location'];
      if (!request.followRedirects || answer.status < 300 || answer.status >= 400 || typeof location !== 'string')
        return answer;
      if (hop === MAX_REDIRECTS) {
        throw new GatewayError(
          'GW_UPSTREAM_INVALID_RESPONSE',
          `The address redirects more than ${MAX_REDIRECTS} times.`,
        );
      }
      url = new URL(location, url).href;
    }
  }

  stats(): ReturnType<Pools['stats']> {
    return this.pools.stats();
  }

  close(graceMs = 5_000): Promise<void> {
    return this.pools.close(graceMs);
  }

  private whole(
    request: HttpRequest & { isGuarded?: boolean },
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const sink = new WholeAnswer(request.maxBytes ?? 20 * 1024 * 1024, resolve, reject);
      const transfer = this.send(
        {
          method: request.method ?? 'GET',
          url: request.url,
          headers: request.headers ?? {},
          ...(request.body === undefined ? {} : { body: request.body }),
          headTimeoutMs: timeoutMs,
          idleTimeoutMs: timeoutMs,
          isGuarded: request.isGuarded ?? false,
        },
        sink,
      );
      sink.bind(transfer, signal);
    });
  }

  private route(url: string, isGuarded: boolean): Route {
    const routes = isGuarded ? this.guardedRoutes : this.routes;
    let route = routes.get(url);
    if (!route) {
      route = this.resolve(url, isGuarded);
      // Wildcard models can make endless URLs; starting over is cheap.
      if (routes.size >= MAX_ROUTES) routes.clear();
      routes.set(url, route);
    }
    return route;
  }

  private resolve(text: string, isGuarded: boolean): Route {
    if (!URL.canParse(text)) throw new GatewayError('GW_UPSTREAM_CONNECTION', "The provider's address is not a URL.");
    const url = new URL(text);
    const dispatcher = isGuarded ? this.pools.forGuarded(url) : this.pools.forOrigin(url.origin);
    return { dispatcher, origin: url.origin, path: url.pathname + url.search };
  }
}

/** undici's handler for one request. */
class OpenTransfer implements Dispatcher.DispatchHandler, Transfer {
  private controller: Dispatcher.DispatchController | undefined;
  private isOver = false;
  private hasHead = false;
  private isPaused = false;
  private connecting: NodeJS.Timeout | undefined;

  constructor(
    private readonly sink: ResponseSink,
    private readonly origin: string,
  ) {}

  /** Until there is a connection for it. */
  connectWithin(ms: number): void {
    this.connecting = setTimeout(onNoConnection, ms, this);
  }

  notConnected(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.sink.onError(connectionError({ code: 'UND_ERR_CONNECT_TIMEOUT' }, this.origin, false));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.connecting);
    this.controller = controller;
    if (this.isOver) controller.abort(new Error('aborted'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHeaders): void {
    // 1xx heads announce the real one.
    if (status < 200 || this.isOver) return;
    this.hasHead = true;
    try {
      this.sink.onHead(status, headers);
    } catch (error) {
      this.refused(error);
    }
    if (this.isPaused) controller.pause();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isOver) return;
    try {
      this.sink.onData(chunk);
    } catch (error) {
      this.refused(error);
    }
  }

  onResponseEnd(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.sink.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    clearTimeout(this.connecting);
    if (this.isOver) return;
    this.isOver = true;
    this.sink.onError(connectionError(error, this.origin, this.hasHead));
  }

  abort(): void {
    clearTimeout(this.connecting);
    if (this.isOver) return;
    this.isOver = true;
    this.controller?.abort(new Error('aborted'));
  }

  pause(): void {
    this.isPaused = true;
    if (!this.isOver) this.controller?.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (!this.isOver) this.controller?.resume();
  }

  /** A sink that throws ends its own request; inside undici it would end the connection's others too. */
  private refused(error: unknown): void {
    this.abort();
    this.sink.onError(connectionError(error, this.origin, true));
  }
}

const onNoConnection = (transfer: OpenTransfer): void => transfer.notConnected();

/** Collects a bounded answer. */
class WholeAnswer implements ResponseSink {
  private status = 0;
  private headers: IncomingHeaders = {};
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private transfer: Transfer | undefined;
  private signal: AbortSignal | undefined;

  constructor(
    private readonly maxBytes: number,
    private readonly resolve: (response: HttpResponse) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  bind(transfer: Transfer, signal: AbortSignal): void {
    this.transfer = transfer;
    this.signal = signal;
    if (signal.aborted) this.onAbort();
    else signal.addEventListener('abort', this.onAbort, { once: true });
  }

  onHead(status: number, headers: IncomingHeaders): void {
    this.status = status;
    this.headers = headers;
  }

  onData(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.maxBytes) {
      throw new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `The answer is larger than ${this.maxBytes} bytes.`);
    }
    this.chunks.push(chunk);
  }

  onEnd(): void {
    this.release();
    this.resolve({ status: this.status, headers: this.headers, body: Buffer.concat(this.chunks) });
  }

  onError(error: GatewayError): void {
    this.release();
    this.reject(error);
  }

  private readonly onAbort = (): void => {
    this.transfer?.abort();
    const reason = this.signal?.reason as { name?: unknown } | undefined;
    const isTimeout = reason?.name === 'TimeoutError';
    this.onError(
      isTimeout
        ? new GatewayError('GW_TIMEOUT', 'The request took longer than it may.')
        : new GatewayError('GW_CLIENT_CLOSED', 'The request was aborted.', { cause: reason }),
    );
  };

  private release(): void {
    this.signal?.removeEventListener('abort', this.onAbort);
  }
}
