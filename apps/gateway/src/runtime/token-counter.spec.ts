// The thread runs what is built, so the counter is the built one too.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { TokenCounter } from '../../dist/runtime/token-counter.js';

const faults: unknown[] = [];
let counter: TokenCounter | undefined;
const aCounter = (): TokenCounter => (counter = new TokenCounter((error) => faults.push(error)));

afterEach(() => {
  jest.useRealTimers();
  counter?.stop();
  expect(faults.splice(0)).toEqual([]);
});

/** There is a thread. */
const isRunning = (of: TokenCounter): boolean => (of as unknown as { worker: unknown }).worker !== undefined;

describe('tokens', () => {
  it.each<[string, number]>([
    ['', 0],
    ['Hello, world!', 4],
    ['<|endoftext|>', 7],
    [' tokens'.repeat(1_000), 1_000],
  ])('are counted as o200k_base does, special ones as text: %j', async (text, expected) => {
    expect(await aCounter().count(text)).toBe(expected);
  });

  it('of many prompts come to those who asked', async () => {
    const one = aCounter();
    const lengths = [3, 1, 2];
    expect(await Promise.all(lengths.map((length) => one.count(' tokens'.repeat(length))))).toEqual(lengths);
  });
});

describe('a prompt', () => {
  it('is not counted where 100 wait already', async () => {
    const one = aCounter();
    const waiting = Array.from({ length: 100 }, () => one.count('Hello'));
    expect(await one.count('Hello')).toBeUndefined();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([1]));
    expect(await one.count('Hello')).toBe(1);
  });

  it('is not waited for longer than counting is worth', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
    const one = aCounter();
    const counted = one.count('tokens '.repeat(1_000_000));
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await counted).toBeUndefined();
  });

  it('is not counted when the gateway stops', async () => {
    const one = aCounter();
    const counted = one.count('Hello');
    one.stop();
    expect([await counted, isRunning(one)]).toEqual([undefined, false]);
  });
});

describe('the thread', () => {
  it('starts when it is first needed, ends when it was idle for a minute, and starts again', async () => {
    const one = aCounter();
    expect(isRunning(one)).toBe(false);
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
    await one.count('Hello');
    jest.advanceTimersByTime(59_999);
    expect(isRunning(one)).toBe(true);
    await one.count('Hello');
    jest.advanceTimersByTime(59_999);
    expect(isRunning(one)).toBe(true);
    jest.advanceTimersByTime(1);
    expect(isRunning(one)).toBe(false);
    expect(await one.count('Hello')).toBe(1);
  });

  it('that fails is told of; who waited is not, and the next prompt gets another', async () => {
    const one = aCounter();
    const counted = one.count(5 as never);
    expect(await counted).toBeUndefined();
    expect(faults.splice(0)).toHaveLength(1);
    expect(isRunning(one)).toBe(false);
    expect(await one.count('Hello')).toBe(1);
  });
});
