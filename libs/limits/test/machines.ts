// Machines of one worker in the process of the test, and the Redis that they share.
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { Redis } from 'ioredis';
import { Limits } from '../src/limits.js';
import { RedisAuthority, type RedisAuthorityOptions } from '../src/redis-authority.js';
import { isDenial, type LimitRule, type Permit } from '../src/rule.js';
import { endAll } from './processes/crew.js';
import { RedisServer } from '../../../test/services/redis-server.js';

/** Of machines whose test waits for it. */
export const LEASE_MS = 1_500;

export interface Shared {
  readonly server: RedisServer;
  /** The test's own connection. */
  readonly client: Redis;
}

const opened: { close(): unknown }[] = [];

/** To be closed when the test ends. */
export const closeLater = (one: { close(): unknown }): void => void opened.push(one);

/** Closes at once what would be closed later. */
export const closeAll = async (): Promise<void> => {
  await Promise.all(opened.splice(0).map(async (one) => one.close()));
};

/** A Redis for the tests of this file. */
export const sharedRedis = (): Shared => {
  const shared = {} as { server: RedisServer; client: Redis };
  beforeAll(async () => {
    shared.server = await RedisServer.start();
    shared.client = new Redis({ port: shared.server.port, lazyConnect: true, disconnectTimeout: 100 });
    shared.client.on('error', () => undefined);
  });
  afterEach(async () => {
    endAll();
    await closeAll();
  });
  afterAll(async () => {
    shared.client.disconnect();
    await shared.server.remove();
  });
  return shared;
};

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** Resolves when it holds. */
export const eventually = async (holds: () => boolean, withinMs = 5_000): Promise<void> => {
  const until = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > until) throw new Error('It did not come about in time.');
    await sleep(10);
  }
};

let serial = 0;

/** Options that share nothing with other tests. */
export const fresh = (
  { server }: Shared,
  options: Partial<RedisAuthorityOptions> = {},
): RedisAuthorityOptions & { prefix: string } => ({
  redis: { port: server.port },
  leaseMs: LEASE_MS,
  prefix: `test-${++serial}:`,
  ...options,
});

export interface Machine {
  readonly limits: Limits;
  readonly authority: RedisAuthority;
}

export const aMachine = async (options: RedisAuthorityOptions): Promise<Machine> => {
  const authority = await RedisAuthority.connect(options);
  const limits = new Limits({ authority, now: options.now });
  closeLater(limits);
  return { limits, authority };
};

/** Permits of the takes that come through, one after the other. */
export const takeMany = async ({ limits }: Machine, rule: LimitRule, times: number, tokens = 0): Promise<Permit[]> => {
  const permits: Permit[] = [];
  for (let index = 0; index < times; index += 1) {
    const outcome = await limits.take([rule], tokens);
    if (!isDenial(outcome)) permits.push(outcome);
  }
  return permits;
};

/** Enough of the minute is left for a test that counts in it. */
export const awayFromMinuteEnd = async (): Promise<void> => {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < 8_000) await sleep(leftMs + 50);
};
