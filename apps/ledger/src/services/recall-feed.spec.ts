import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@turnpike/telemetry';
import { merge } from './merge.js';
import { RecallFeed } from './recall-feed.js';

const log = { warn: () => undefined } as unknown as Logger;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const aFeed = (recalls: Map<string, string[]>, repeatMs = 1_000) => {
  const asked: (readonly string[])[] = [];
  const source = {
    recallsFor: async (holders: readonly string[]) => {
      asked.push(holders);
      return recalls;
    },
  };
  return { asked, feed: new RecallFeed({ source, log, pollMs: 2, repeatMs }) };
};

describe('a holder of leases', () => {
  it('is told what is wanted back, and nothing of others', async () => {
    const { feed } = aFeed(
      new Map([
        ['a', ['key:1']],
        ['b', ['key:2']],
      ]),
    );
    const end = new AbortController();
    const stream = feed.watch('a', end.signal);
    expect((await stream.next()).value).toEqual(['key:1']);
    end.abort();
    expect((await stream.next()).done).toBe(true);
  });

  it('is told again only after a while, and at once of another account', async () => {
    const recalls = new Map([['a', ['key:1']]]);
    const { feed } = aFeed(recalls);
    const end = new AbortController();
    const stream = feed.watch('a', end.signal);
    await stream.next();
    await pause(20);
    recalls.set('a', ['key:1', 'key:2']);
    expect((await stream.next()).value).toEqual(['key:2']);
    end.abort();
    await stream.next();
  });

  it('is told again when it does not give back', async () => {
    const { feed } = aFeed(new Map([['a', ['key:1']]]), 10);
    const end = new AbortController();
    const stream = feed.watch('a', end.signal);
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual([['key:1'], ['key:1']]);
    end.abort();
    await stream.next();
  });

  it('that went is not asked about any more', async () => {
    const { feed, asked } = aFeed(new Map());
    const end = new AbortController();
    const next = feed.watch('a', end.signal).next();
    await pause(10);
    end.abort();
    await next;
    const { length } = asked;
    await pause(20);
    expect(asked.length).toBeLessThanOrEqual(length + 1);
  });
});

describe('merged streams', () => {
  it('speak in the order in which they do, and end together', async () => {
    const ended: string[] = [];
    const aStream = async function* (name: string, times: number, ms: number) {
      try {
        for (let time = 1; time <= times; time += 1) {
          await pause(ms);
          yield `${name}${time}`;
        }
      } finally {
        ended.push(name);
      }
    };
    const heard: string[] = [];
    for await (const word of merge(aStream('slow', 9, 25), aStream('fast', 3, 10))) heard.push(word);
    expect(heard).toEqual(['fast1', 'fast2', 'slow1', 'fast3']);
    await pause(30);
    expect(ended.sort()).toEqual(['fast', 'slow']);
  });
});
