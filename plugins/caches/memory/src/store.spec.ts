import type { CacheEntry, ResponsesV1 } from '@turnpike/plugin-sdk';
import { fakeHost, START_OF_TIME, type FakeHost } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { createStore } from './store.js';

const MAX_BYTES = 160_000;
/** The largest value under a key of one letter: with it an entry takes an eighth of the whole. */
const LARGEST = MAX_BYTES / 8 - 1_001;
const TTL_MS = 60_000;

interface Opened {
  store: ResponsesV1;
  host: FakeHost;
}

const aStore = (maxBytes = MAX_BYTES): Opened => {
  const host = fakeHost();
  return { host, store: createStore({ maxBytes, clock: host.clock, metrics: host.metrics }) };
};

const { signal } = new AbortController();
const anEntry = (bytes: number): CacheEntry => ({ value: new Uint8Array(bytes), storedAt: START_OF_TIME });
const put = ({ store }: Opened, key: string, bytes = 0, ttlMs = TTL_MS): Promise<void> =>
  store.set(key, anEntry(bytes), ttlMs, signal);
const has = async ({ store }: Opened, key: string): Promise<boolean> => (await store.get(key, signal)) !== undefined;
const kept = async (opened: Opened, keys: string): Promise<string> => {
  const found = await Promise.all([...keys].map((key) => has(opened, key)));
  return [...keys].filter((_, index) => found[index]).join('');
};

/** As full as can be, with entries from a, the oldest, to h. */
const aFullStore = async (): Promise<Opened> => {
  const opened = aStore();
  for (const key of 'abcdefgh') await put(opened, key, LARGEST);
  return opened;
};

describe('the bound', () => {
  it('holds, however many entries there are and whatever their sizes', async () => {
    const opened = aStore();
    for (let index = 0; index < 1_000; index += 1) await put(opened, `key ${index}`, (index * 7_919) % LARGEST);
    const { bytes, entries } = opened.host.gauges;
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(bytes).toBeGreaterThan(MAX_BYTES / 2);
    expect(opened.host.counts['evicted']).toBe(1_000 - entries!);
  });

  it('counts what it takes to keep an entry, so that empty ones are no way around it', async () => {
    const opened = aStore();
    for (let index = 0; index < 1_000; index += 1) await put(opened, `key ${index}`);
    expect(opened.host.gauges['entries']).toBeLessThanOrEqual(MAX_BYTES / 1_000);
  });

  it.each<[string, (opened: Opened) => Promise<unknown>, string]>([
    ['the oldest', () => Promise.resolve(), 'bcdefghi'],
    ['no sooner than others that were read since', (opened) => has(opened, 'a'), 'acdefghi'],
    ['no sooner than others that were written since', (opened) => put(opened, 'a', LARGEST), 'acdefghi'],
    ['nothing, while there is room', ({ store }) => store.delete(['e']), 'abcdfghi'],
  ])('drives out %s', async (_title, before, left) => {
    const opened = await aFullStore();
    await before(opened);
    await put(opened, 'i', LARGEST);
    expect(await kept(opened, 'abcdefghi')).toBe(left);
  });
});

describe('an entry that takes more than an eighth of the whole', () => {
  it('is not kept, and drives nothing out', async () => {
    const opened = await aFullStore();
    await put(opened, 'i', LARGEST + 1);
    expect(await kept(opened, 'abcdefghi')).toBe('abcdefgh');
    expect(opened.host.counts).toEqual({ too_large: 1 });
  });

  it('leaves nothing of what it was to replace', async () => {
    const opened = await aFullStore();
    await put(opened, 'a', LARGEST + 1);
    expect(await kept(opened, 'ab')).toBe('b');
  });
});

describe('the life of an entry', () => {
  it('ends by the clock of the host, without a timer', async () => {
    const opened = aStore();
    await put(opened, 'a', 1, 1_000);
    await put(opened, 'b', 1, 0.5);
    await put(opened, 'c', 1, 0);
    opened.host.clock.set(START_OF_TIME + 1_000);
    expect(await kept(opened, 'abc')).toBe('a');
    opened.host.clock.set(START_OF_TIME + 1_001);
    expect(await kept(opened, 'abc')).toBe('');
    expect(opened.host.clock.pendingTimers).toBe(0);
  });

  it('is that of the last write, and reading does not lengthen it', async () => {
    const opened = aStore();
    await put(opened, 'a', 1, 1_000);
    await put(opened, 'a', 1, 3_000);
    opened.host.clock.set(START_OF_TIME + 2_000);
    expect(await has(opened, 'a')).toBe(true);
    opened.host.clock.set(START_OF_TIME + 3_001);
    expect(await has(opened, 'a')).toBe(false);
  });

  it('is over for a count of what was deleted', async () => {
    const opened = aStore();
    await put(opened, 'a', 1, 1_000);
    await put(opened, 'b');
    opened.host.clock.set(START_OF_TIME + 2_000);
    expect(await opened.store.delete(['a', 'b', 'b', 'c'])).toBe(1);
  });
});

describe('bytes', () => {
  it('are the store’s own: nobody changes them from outside', async () => {
    const { store } = aStore();
    const given = anEntry(3);
    await store.set('a', given, TTL_MS, signal);
    given.value.fill(1);
    const first = await store.get('a', signal);
    first!.value.fill(2);
    expect((await store.get('a', signal))!.value).toEqual(new Uint8Array(3));
  });

  it('do not keep the buffer alive that they were a part of', async () => {
    const { store } = aStore();
    await store.set('a', { value: Buffer.alloc(100_000).subarray(5, 10), storedAt: 0 }, TTL_MS, signal);
    expect((await store.get('a', signal))!.value.buffer.byteLength).toBe(5);
  });
});

it('tells how full it is', async () => {
  const opened = await aFullStore();
  expect(opened.host.gauges).toEqual({ entries: 8, bytes: MAX_BYTES });
  await opened.store.flush();
  expect(opened.host.gauges).toEqual({ entries: 0, bytes: 0 });
});
