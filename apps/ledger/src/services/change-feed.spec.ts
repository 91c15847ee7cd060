import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@turnpike/telemetry';
import type { Change } from '../repositories/changes.js';
import { ChangeFeed, type ChangeBatch, type ChangeSource } from './change-feed.js';

const log = { warn: () => undefined } as unknown as Logger;

class Log implements ChangeSource {
  readonly changes: Change[] = [];
  prunedThrough = 0;
  looks = 0;

  add(...ids: string[]): void {
    for (const id of ids) this.changes.push({ kind: 'key', id });
  }

  latest = async () => {
    this.looks += 1;
    return this.changes.length;
  };

  since = async (since: number) => {
    const isTooOld = since < this.prunedThrough || since > this.changes.length;
    const changes = isTooOld ? [] : this.changes.slice(since, since + 3);
    const sequence = isTooOld ? this.changes.length : since + changes.length;
    return { sequence, changes, hasMore: sequence < this.changes.length, isTooOld };
  };
}

const aFeed = (source: ChangeSource, pollMs = 5): ChangeFeed => new ChangeFeed({ source, log, pollMs });
const ids = (batch: ChangeBatch | void): string[] | undefined => (batch ? batch.changes?.map(({ id }) => id) : []);

const watching = (feed: ChangeFeed, since: number, beatMs = 10_000) => {
  const controller = new AbortController();
  const batches = feed.watch(since, controller.signal, beatMs);
  return { next: async () => (await batches.next()).value, stop: () => (controller.abort(), batches.next()) };
};

describe('who watches', () => {
  it('is told at first what changed since, then what changes', async () => {
    const source = new Log();
    source.add('a', 'b', 'c');
    const watcher = watching(aFeed(source), 1);
    expect(ids(await watcher.next())).toEqual(['b', 'c']);
    const next = watcher.next();
    source.add('d');
    expect(ids(await next)).toEqual(['d']);
    await watcher.stop();
  });

  it.each<[string, number, number]>([
    ['knows nothing', 0, 0],
    ['knows of changes that were forgotten', 1, 2],
    ['knows of changes that never were', 9, 0],
  ])('is told that everything may have changed when it %s', async (_title, since, prunedThrough) => {
    const source = new Log();
    source.add('a', 'b', 'c');
    source.prunedThrough = prunedThrough;
    const watcher = watching(aFeed(source), since);
    expect(await watcher.next()).toEqual({ sequence: 3, changes: undefined });
    await watcher.stop();
  });

  it('is told of many changes in several parts, one at once after the other', async () => {
    const source = new Log();
    source.add('a', 'b', 'c', 'd', 'e');
    const watcher = watching(aFeed(source, 10_000), 1);
    expect([ids(await watcher.next()), ids(await watcher.next())]).toEqual([['b', 'c', 'd'], ['e']]);
    await watcher.stop();
  });

  it('hears something without changes, too', async () => {
    const watcher = watching(aFeed(new Log()), 0, 10);
    await watcher.next();
    expect(await watcher.next()).toEqual({ sequence: 0, changes: [] });
    await watcher.stop();
  });

  it('hears at once of what this process changed', async () => {
    const source = new Log();
    source.add('a');
    const feed = aFeed(source, 10_000);
    const watcher = watching(feed, 1);
    await watcher.next();
    const next = watcher.next();
    await new Promise((resolve) => setTimeout(resolve, 5));
    source.add('b');
    feed.nudge();
    expect(ids(await next)).toEqual(['b']);
    await watcher.stop();
  });

  it('goes without leaving anything behind', async () => {
    const source = new Log();
    const watcher = watching(aFeed(source, 1), 0);
    await watcher.next();
    expect((await watcher.stop()).done).toBe(true);
    const { looks } = source;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(source.looks).toBeLessThanOrEqual(looks + 1);
  });
});
