// The ledger's only door: Nest controllers behind one grpc-js server, by the contract in proto/.
import { Server as GrpcServer } from '@grpc/grpc-js';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { GatewayError } from '@turnpike/errors';
import { MAX_MESSAGE_BYTES, pathOf, type ServiceContract } from '@turnpike/rpc';
import type { Logger } from '@turnpike/telemetry';
import { bindAll, type ListenOptions } from './bind.js';
import type { Callers } from './caller.js';
import { Gate } from './gate.js';
import { register, type HandlerContext, type NestHandler } from './handlers.js';
import { Health } from './health.js';
import { addReflection } from './reflection.js';
import { patternOf } from './rpc.decorator.js';
import { CONTRACT } from './contract.js';

export interface LedgerTransportOptions extends ListenOptions {
  callers: Callers;
  log: Logger;
  /** How long calls may take to end when the ledger does: 10,000 by default. */
  drainMs?: number;
}

const DEFAULT_DRAIN_MS = 10_000;

/** One gateway asks much at once; ten thousand open calls on one connection are an attack. */
const MAX_CALLS_OF_A_CONNECTION = 1_000;
const KEEPALIVE_MS = 30_000;

export class LedgerTransport extends Server implements CustomTransportStrategy {
  readonly #gate: Gate;
  readonly #grpc: GrpcServer;
  readonly #health = new Health(CONTRACT.map(({ fullName }) => fullName));
  readonly #ending = new AbortController();
  #boundAddresses: string[] = [];
  #closed: Promise<void> | undefined;

  constructor(private readonly options: LedgerTransportOptions) {
    super();
    this.#gate = new Gate({ callers: options.callers, onUnknownError: (path, error) => this.#report(path, error) });
    this.#grpc = new GrpcServer({
      interceptors: [this.#gate.interceptor],
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_concurrent_streams': MAX_CALLS_OF_A_CONNECTION,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
    });
  }

  /** With the ports that were really bound; empty until `listen` has called back. */
  get boundAddresses(): readonly string[] {
    return this.#boundAddresses;
  }

  /** What health checks are told; `listen` and `close` set it as well. */
  setServing(isServing: boolean): void {
    this.#health.setServing(isServing);
  }

  /** Called by Nest once every controller is known. */
  listen(callback: (error?: unknown) => void): void {
    this.#open().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  /** Ends streams at once, and waits for the other calls, but not longer than `drainMs`. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  /** Of the interface; there are no events to listen to. */
  on(): void {
    throw new Error('The ledger transport has no events.');
  }

  /** Of the interface: what Nest hands out is of the type that its caller expects. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  unwrap<T>(): T {
    return this.#grpc as T;
  }

  async #open(): Promise<void> {
    this.#mustBeContracted();
    for (const service of CONTRACT) this.#register(service);
    this.#health.addTo(this.#grpc);
    addReflection(this.#grpc, (error) => this.#report('reflection', error));
    this.#boundAddresses = await bindAll(this.#grpc, this.options);
    this.setServing(true);
  }

  /** A handler that no method of the contract leads to is a mistake that no call would ever show. */
  #mustBeContracted(): void {
    const methods = CONTRACT.flatMap((service) => Object.keys(service.methods).map((name) => patternOf(service, name)));
    const known = new Set(methods);
    const unknown = [...this.messageHandlers.keys()].filter((pattern) => !known.has(pattern));
    if (unknown.length > 0) throw new Error(`Controllers handle what is not in the contract: ${unknown.join(', ')}.`);
  }

  /** Methods without a controller answer UNIMPLEMENTED. */
  #register(service: ServiceContract): void {
    for (const [name, method] of Object.entries(service.methods)) {
      const handler = this.messageHandlers.get(patternOf(service, name));
      const path = pathOf(service, method);
      if (handler) register(this.#grpc, path, method, handler as NestHandler, this.#contextOf(path));
    }
  }

  #contextOf(path: string): HandlerContext {
    return {
      callerOf: (metadata) => this.#gate.callerOf(metadata),
      ending: this.#ending.signal,
      onUnknownError: (error) => this.#report(path, error),
    };
  }

  #report(path: string, error: unknown): void {
    this.options.log.error('A call failed for a reason that is not the caller’s.', { call: path, error });
  }

  async #drain(): Promise<void> {
    this.setServing(false);
    const reason = new GatewayError('GW_DRAINING', 'The ledger is shutting down.', { retryAfterMs: 1_000 });
    const allEnded = new Promise<void>((resolve) => this.#grpc.tryShutdown(() => resolve()));
    this.#gate.endWatchers(reason);
    this.#ending.abort(reason);
    const deadline = setTimeout(() => {
      this.options.log.warn('Calls were cut off by the end of the ledger.', { drainMs: this.#drainMs });
      this.#grpc.forceShutdown();
    }, this.#drainMs);
    await allEnded;
    clearTimeout(deadline);
  }

  get #drainMs(): number {
    return this.options.drainMs ?? DEFAULT_DRAIN_MS;
  }
}
