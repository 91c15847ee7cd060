// The script that machines run in Redis, on its own.
import { describe, expect, it } from '@jest/globals';
import { clientOf as redisClient } from '../src/redis-link.js';
import { parseReply, type SliceReply } from '../src/redis-script.js';
import { closeLater, fresh, sharedRedis, sleep } from './machines.js';

const shared = sharedRedis();

describe('the script', () => {
  const RULE = { rpm: 10, tpm: 100, maxParallel: 4 };
  type Three = readonly [number, number, number];

  /** What machines say of one key, in a window that does not end meanwhile. */
  const aScript = () => {
    const redis = redisClient({ port: shared.server.port });
    closeLater({
      close: () => {
        redis.disconnect();
      },
    });
    const { prefix } = fresh(shared);
    let sequence = 0;
    const say = async (
      machine: string,
      {
        held = [0, 0, 0],
        want = [0, 0, 0],
        window = -1,
        leaseMs = 60_000,
        as = ++sequence,
      }: Partial<{
        held: Three;
        want: Three;
        window: number;
        leaseMs: number;
        as: number;
      }>,
    ): Promise<SliceReply | undefined> => {
      const { rpm, tpm, maxParallel } = RULE;
      const limits = [rpm, tpm, maxParallel];
      const rest = [1, 0, 1_000_000_000, leaseMs, `${prefix}bus`, '{}'];
      return parseReply(
        await redis.turnpikeSlice(`${prefix}{k}`, machine, as, window, ...held, ...want, ...limits, ...rest),
      );
    };
    return { ready: () => redis.connect(), say };
  };

  it('gives slices of what is left, and counts what each machine says that it holds', async () => {
    const { ready, say } = aScript();
    await ready();
    const first = await say('a', { want: [1, 0, 1] });
    expect(first).toMatchObject({ granted: [2, 0, 1], beyond: [8, 100, 3], isSpent: [false, false, false] });
    const { window } = first!;
    expect(await say('b', { want: [8, 0, 4] })).toMatchObject({ granted: [8, 0, 3], holders: ['a'] });
    // It has given back one request and its slot.
    await say('a', { held: [1, 0, 0], window });
    expect(await say('b', { held: [8, 0, 3], window, want: [5, 0, 5] })).toMatchObject({ granted: [1, 0, 1] });
  });

  it('ignores a call that a later one overtook', async () => {
    const { ready, say } = aScript();
    await ready();
    const { window } = (await say('a', { want: [10, 0, 0] }))!;
    expect(await say('a', { want: [0, 0, 4], as: 1 })).toBeUndefined();
    expect(await say('b', { want: [1, 0, 4] })).toMatchObject({ granted: [0, 0, 4] });
    expect(await say('a', { held: [10, 0, 0], window, want: [0, 0, 1] })).toMatchObject({ granted: [0, 0, 0] });
  });

  it('takes nothing for held that was held in another minute', async () => {
    const { ready, say } = aScript();
    await ready();
    expect(await say('a', { held: [10, 100, 3], window: 7, want: [1, 1, 1] })).toMatchObject({ granted: [2, 25, 1] });
  });

  it('counts the requests of a machine that died until the minute ends, its slots until its lease does', async () => {
    const { ready, say } = aScript();
    await ready();
    await say('a', { want: [8, 0, 4], leaseMs: 50 });
    expect(await say('b', { want: [4, 0, 1] })).toMatchObject({ granted: [2, 0, 0] });
    await sleep(60);
    const { window } = (await say('c', {}))!;
    expect(await say('b', { held: [2, 0, 0], window, want: [1, 0, 4] })).toMatchObject({ granted: [0, 0, 4] });
  });

  it('gives no tokens that would not do for one call', async () => {
    const { ready, say } = aScript();
    await ready();
    await say('a', { want: [0, 70, 0] });
    expect(await say('b', { want: [0, 31, 0] })).toMatchObject({ granted: [0, 0, 0] });
    expect(await say('b', { want: [0, 30, 0] })).toMatchObject({ granted: [0, 30, 0] });
  });
});
