// The plugin as a gateway would run it, with words for what the specs do with it.
import type { CacheEntry, Health, ResponsesV1 } from '@turnpike/plugin-sdk';
import { fakeHost, type FakeHost } from '@turnpike/plugin-testkit';
import { redis as plugin } from '../src/index.js';

/** A gateway gives a read 50 ms and a write 2 s; these have to do on a busy machine too. */
const PATIENCE_MS = 1_500;
export const TTL_MS = 60_000;
export const NOW = 1_768_478_400_000;

export interface Opened {
  readonly host: FakeHost;
  readonly responses: ResponsesV1;
  /** Text or undefined. */
  get(key: string, ms?: number): Promise<string | undefined>;
  set(key: string, text: string, ttlMs?: number): Promise<void>;
  health(): Promise<Health>;
  stop(): Promise<void>;
}

const opened: Opened[] = [];

/** Started. `closeAll` ends it. */
export const open = async (settings: object): Promise<Opened> => {
  const host = fakeHost();
  const made = plugin.init(plugin.config.parse(settings), host);
  const { responses } = made;
  await made.start!(AbortSignal.timeout(10_000));
  const one: Opened = {
    host,
    responses,
    get: async (key, ms = PATIENCE_MS) => textOf(await responses.get(key, AbortSignal.timeout(ms))),
    set: (key, text, ttlMs = TTL_MS) =>
      responses.set(key, { value: Buffer.from(text), storedAt: NOW }, ttlMs, AbortSignal.timeout(PATIENCE_MS)),
    health: () => made.health!(),
    stop: () => made.stop!(),
  };
  opened.push(one);
  return one;
};

const textOf = (entry: CacheEntry | undefined): string | undefined => entry && Buffer.from(entry.value).toString();

export const closeAll = async (): Promise<void> => {
  await Promise.all(opened.splice(0).map((one) => one.stop()));
};
