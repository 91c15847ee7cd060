// Many callers share a run, and each gets its own answer.
import { describe, expect, it } from '@jest/globals';
import { Coalescer } from './coalescer.js';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

describe('Coalescer', () => {
  it('does together what was asked while it was busy, up to its size, in order', async () => {
    const runs: number[][] = [];
    const coalescer = new Coalescer<number, string>(
      async (asks) => {
        runs.push(asks);
        await turns(3);
        return asks.map(String);
      },
      10,
      (ask) => ask,
    );
    const answers = [4, 5, 3, 12, 1].map((ask) => coalescer.ask(ask));
    expect(await Promise.all(answers)).toEqual(['4', '5', '3', '12', '1']);
    expect(runs).toEqual([[4, 5], [3], [12], [1]]);
  });

  it('fails those whose run failed, and goes on with the others', async () => {
    const coalescer = new Coalescer<number, number>(async (asks) => {
      if (asks.includes(2)) throw new Error('no');
      return asks;
    }, 1);
    const answers = await Promise.allSettled([1, 2, 3].map((ask) => coalescer.ask(ask)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('runs in as many lanes as it has, and never forgets who asks while one ends', async () => {
    let running = 0;
    let most = 0;
    const coalescer = new Coalescer<number, number>(
      async (asks) => {
        running += 1;
        most = Math.max(most, running);
        await turns(asks[0]! % 4);
        running -= 1;
        return asks;
      },
      1,
      () => 1,
      2,
    );
    const chains = Array.from({ length: 5 }, async (_, chain) => {
      for (let ask = 0; ask < 50; ask += 1) expect(await coalescer.ask(chain * 50 + ask)).toBe(chain * 50 + ask);
    });
    await Promise.all(chains);
    await coalescer.idle();
    expect([most, running]).toEqual([2, 0]);
  });
});
