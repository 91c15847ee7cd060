import { describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { afterMs, within } from './deadline.js';

/** Keeps the event loop from turning. */
const block = (milliseconds: number): void => {
  for (const until = performance.now() + milliseconds; performance.now() < until;);
};

describe('within', () => {
  it('gives what the promise gives', async () => {
    await expect(within(1_000, Promise.resolve(7))).resolves.toBe(7);
    await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('rejects when it takes longer', async () => {
    await expect(within(5, new Promise(() => undefined))).rejects.toThrow('No answer within 5 ms.');
  });

  it('reads an answer that came while this process was held up, although the time is over', async () => {
    const answer = within(20, stat('.'));
    block(80);
    await expect(answer).resolves.toBeDefined();
  });
});

describe('afterMs', () => {
  it('can be called off, also when the time is over and it has not called yet', async () => {
    let calls = 0;
    const cancel = afterMs(1, () => {
      calls += 1;
    });
    const over = new Promise((resolve) => setTimeout(resolve, 1));
    // Both are due in the same turn.
    block(10);
    await over;
    cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toBe(0);
  });
});
