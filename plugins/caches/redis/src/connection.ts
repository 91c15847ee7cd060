// The connection to Redis: whether it is there, why not, and commands that never wait for it to come back.
import type { Health, PluginHost } from '@turnpike/plugin-sdk';
import { Cluster, type Redis } from 'ioredis';
import { once } from 'node:events';
import { clientOf, type Client } from './client.js';
import { isReply, reasonOf } from './redis-error.js';
import { secretsOf, type Target } from './target.js';

/** So long the start waits for Redis; then the gateway goes on without it. */
const START_MS = 1_000;
/** Health has to be told within a second. */
const HEALTH_MS = 500;
/** From a connection that stands to one that can be used: the password, the version, the data read in. */
const HANDSHAKE_MS = 3_000;

export interface ConnectionOptions {
  readonly target: Target;
  /** Longest wait for the answer to a command. */
  readonly commandMs: number;
  readonly host: Pick<PluginHost, 'log' | 'metrics'>;
}

export class Connection {
  private client: Client | undefined;
  private isAway = false;
  /** Why Redis is not there, without secrets. */
  private reason = 'it was not connected';
  private handshake: NodeJS.Timeout | undefined;
  private readonly secrets: readonly string[];

  constructor(private readonly options: ConnectionOptions) {
    this.secrets = secretsOf(options.target);
  }

  /** Resolves when Redis can be used, or is known to be away. @throws when a certificate cannot be read */
  async start(signal: AbortSignal): Promise<void> {
    const { target, host } = this.options;
    if (target.place.kind === 'cluster' && target.db !== 0)
      host.log.warn(`a Redis Cluster has no databases: db ${target.db} has no effect`);
    const client = clientOf(target);
    this.client = client;
    client.on('connect', () => {
      this.handshake = setTimeout(() => client.disconnect(true), HANDSHAKE_MS).unref();
    });
    client.on('ready', () => {
      clearTimeout(this.handshake);
      this.found();
    });
    client.on('error', (error: unknown) => this.lost(this.tell(error)));
    client.on('close', () => {
      clearTimeout(this.handshake);
      this.lost();
    });
    // How that ends is told by the events.
    client.connect().catch(() => undefined);
    const patience = AbortSignal.any([signal, AbortSignal.timeout(START_MS)]);
    await once(client, 'ready', { signal: patience }).catch(() => undefined);
    if (client.status !== 'ready') this.lost();
  }

  /** What was sent is carried out. */
  stop(): Promise<void> {
    clearTimeout(this.handshake);
    this.client?.disconnect();
    this.client = undefined;
    this.reason = 'the connection was closed';
    return Promise.resolve();
  }

  /**
   * Sends one command, if Redis is there.
   * @throws Error without secrets, and without what was to be stored; the signal's reason when it aborts
   */
  async run<T>(command: (client: Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const client = this.ready();
    const answer = this.inTime(client, command(client)).catch((error: unknown) => {
      throw this.failure(client, error);
    });
    return signal ? unlessAborted(answer, signal) : answer;
  }

  /** Every server that holds keys of its own. */
  masters(): Redis[] {
    const client = this.ready();
    return client instanceof Cluster ? client.nodes('master') : [client];
  }

  async health(): Promise<Health> {
    const patience = AbortSignal.timeout(HEALTH_MS);
    try {
      await this.run((client) => client.ping(), patience);
      return { status: 'up' };
    } catch (error) {
      return { status: 'degraded', reason: patience.aborted ? 'Redis does not answer.' : this.tell(error) };
    }
  }

  private ready(): Client {
    const { client } = this;
    if (client?.status !== 'ready') throw this.away();
    return client;
  }

  private away(): Error {
    return new Error(`Redis is away: ${this.reason}.`);
  }

  /** An error of our own: those of ioredis carry the command with its arguments, which are passwords and answers. */
  private failure(client: Client, error: unknown): Error {
    if (error instanceof TooLate) return error;
    if (isReply(error)) return new Error(this.tell(error));
    if (client.status === 'ready') this.reason = this.tell(error);
    return this.away();
  }

  /** Nobody tells us of a connection that died without a word: one on which an answer takes too long is replaced. */
  private async inTime<T>(client: Client, answer: Promise<T>): Promise<T> {
    const { commandMs } = this.options;
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => {
      reject(new TooLate(`Redis did not answer within ${commandMs} ms.`));
      if (client.status !== 'ready') return;
      this.lost(`it did not answer within ${commandMs} ms`);
      client.disconnect(true);
    };
    let check: NodeJS.Immediate | undefined;
    // After a long pause timers run before sockets are read, and the answer may be there.
    const late = setTimeout(() => {
      check = setImmediate(giveUp);
    }, commandMs).unref();
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(late);
      clearImmediate(check);
    }
  }

  private found(): void {
    if (this.isAway) this.options.host.log.info('Redis is back');
    this.isAway = false;
    this.options.host.metrics.gauge('connected', 1);
  }

  private lost(reason?: string): void {
    if (!this.client) return;
    if (reason !== undefined) this.reason = reason;
    else if (!this.isAway) this.reason = 'the connection ended';
    if (this.isAway) return;
    this.isAway = true;
    this.options.host.metrics.gauge('connected', 0);
    this.options.host.metrics.count('lost');
    this.options.host.log.warn('Redis is away: no answer is taken from it or kept in it', { reason: this.reason });
  }

  private tell(error: unknown): string {
    const text = reasonOf(error);
    return this.secrets.reduce((told, secret) => told.replaceAll(secret, '***'), text);
  }
}

class TooLate extends Error {}

const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
