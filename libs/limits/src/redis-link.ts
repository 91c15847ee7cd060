// The connections to Redis: whether it can be used right now, and coming back to it when it was away.
import { Redis, type RedisOptions, type Result } from 'ioredis';
import { afterMs, within } from './deadline.js';
import { SLICE_SCRIPT } from './redis-script.js';

/** No call waits longer for Redis. */
const COMMAND_MS = 200;
const CONNECT_MS = 2_000;
/** The connection that only listens has no other way to learn that it is dead. */
const KEEP_ALIVE_MS = 10_000;
/** So long the start waits for Redis before the machine begins without it. */
const START_MS = 1_000;
const PROBE_EVERY_MS = 500;
const MAX_RECONNECT_MS = 1_000;
/** A connection on which so many probes in a row failed is replaced: nobody else would notice that it is dead. */
const DEAD_AFTER_PROBES = 4;

/** Where Redis is. A URL is completed by the other parts. */
export interface RedisAddress {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  /** A secret. */
  readonly password?: string;
  readonly db?: number;
  readonly ssl?: boolean;
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    turnpikeSlice(key: string, ...arguments_: (string | number)[]): Result<unknown[], Context>;
  }
}

/** Runs a command under the deadline. Rejects when it fails. */
export type Attempt = <T>(command: (redis: Redis) => Promise<T>) => Promise<T>;

export interface RedisLinkOptions {
  readonly address: RedisAddress;
  readonly channels: readonly string[];
  readonly onMessage: (message: string) => void;
  /** Tries out that Redis works, and tells it what is so; Redis counts as back when this resolves. */
  readonly recover: (attempt: Attempt) => Promise<void>;
  readonly onChange: (isAway: boolean) => void;
  readonly onCommand?: CommandListener;
}

/** Told of each command that was sent. @param failure name of the error that it ended with */
export type CommandListener = (command: string, ms: number, failure?: string) => void;

export class RedisLink {
  /** Why Redis was away the last time. */
  reason: string | undefined;
  private state: 'starting' | 'up' | 'away' | 'closed' = 'starting';
  private readonly commands: Redis;
  private readonly subscriber: Redis;
  private readonly options: RedisLinkOptions;
  /** Resolves when it is known for the first time whether Redis can be used. */
  private readonly decided: Promise<void>;
  private decide!: () => void;
  private isRecovering = false;
  private failedProbes = 0;
  private probing: NodeJS.Timeout | undefined;

  constructor(options: RedisLinkOptions) {
    this.options = options;
    this.decided = new Promise((resolve) => {
      this.decide = resolve;
    });
    this.commands = clientOf(options.address);
    this.subscriber = clientOf(options.address);
    for (const client of [this.commands, this.subscriber])
      client.on('error', (error: Error) => {
        this.reason = error.message;
      });
    this.commands.on('ready', () => void this.recover());
    this.commands.on('close', () => {
      if (this.state === 'up') this.reason = 'The connection ended.';
      this.lost();
    });
    this.subscriber.on('ready', () => {
      // Told too late or never, machines only wait longer for each other's unused slices.
      this.subscriber.subscribe(...options.channels).catch(() => undefined);
    });
    this.subscriber.on('message', (_channel, message) => options.onMessage(message));
  }

  get isUp(): boolean {
    return this.state === 'up';
  }

  get isAway(): boolean {
    return this.state === 'away';
  }

  /** Resolves when Redis can be used, or is known to be away. Never rejects. */
  async start(): Promise<void> {
    void Promise.allSettled([this.commands.connect(), this.subscriber.connect()]);
    const cancel = afterMs(START_MS, () => this.lost());
    await this.decided;
    cancel();
  }

  /** @returns undefined when Redis is away, also when this command is the first to find that out */
  async run<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    if (this.state !== 'up') return undefined;
    try {
      return await this.attempt(command);
    } catch (error) {
      this.reason = messageOf(error);
      this.lost();
      return undefined;
    }
  }

  private readonly attempt: Attempt = async (command) => {
    const { onCommand } = this.options;
    const startedAt = performance.now();
    try {
      const result = await within(COMMAND_MS, command(this.commands));
      onCommand?.('limits', performance.now() - startedAt);
      return result;
    } catch (error) {
      onCommand?.('limits', performance.now() - startedAt, error instanceof Error ? error.name : 'Error');
      throw error;
    }
  };

  private lost(): void {
    if (this.state === 'away' || this.state === 'closed') return;
    this.state = 'away';
    this.decide();
    this.failedProbes = 0;
    this.probing = setInterval(() => void this.recover(), PROBE_EVERY_MS).unref();
    this.options.onChange(true);
  }

  private async recover(): Promise<void> {
    if (this.isRecovering || this.state === 'up' || this.state === 'closed') return;
    if (this.commands.status !== 'ready') return;
    this.isRecovering = true;
    try {
      await this.options.recover(this.attempt);
      this.found();
    } catch (error) {
      this.reason = messageOf(error);
      this.failedProbes += 1;
      if (this.failedProbes % DEAD_AFTER_PROBES === 0)
        for (const client of [this.commands, this.subscriber]) client.disconnect(true);
    } finally {
      this.isRecovering = false;
    }
  }

  private found(): void {
    if (this.state === 'closed') return;
    const wasAway = this.state === 'away';
    this.state = 'up';
    this.decide();
    clearInterval(this.probing);
    if (wasAway) this.options.onChange(false);
  }

  close(): void {
    this.state = 'closed';
    clearInterval(this.probing);
    this.commands.disconnect();
    this.subscriber.disconnect();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A client that fails at once what it cannot do now, and comes back by itself. Not connected yet. */
export const clientOf = ({ url, ssl, ...address }: RedisAddress): Redis => {
  const options: RedisOptions = {
    ...address,
    ...(ssl ? { tls: {} } : {}),
    lazyConnect: true,
    // Whoever asks gets an answer at once: a command that cannot be sent now fails now.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: CONNECT_MS,
    keepAlive: KEEP_ALIVE_MS,
    // Else a client whose connection is gone already keeps the process alive for two seconds.
    disconnectTimeout: COMMAND_MS,
    // The listener of 'ready' subscribes.
    autoResubscribe: false,
    retryStrategy: (times) => Math.min(50 * times, MAX_RECONNECT_MS),
    scripts: { turnpikeSlice: { lua: SLICE_SCRIPT, numberOfKeys: 1 } },
  };
  return url === undefined ? new Redis(options) : new Redis(url, options);
};
