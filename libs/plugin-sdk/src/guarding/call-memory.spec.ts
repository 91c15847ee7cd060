import { describe, expect, it } from '@jest/globals';
import { CallMemory } from './call-memory.js';

const memoryOf = (bounds: Partial<ConstructorParameters<typeof CallMemory>[0]> = {}) => {
  let now = 0;
  const memory = new CallMemory({ maxCalls: 3, maxSize: 100, maxAgeMs: 1_000, ...bounds }, { now: () => now });
  const left = (ids: string): string => [...ids].filter((id) => memory.take(id)).join('');
  const pass = (ms: number): void => void (now += ms);
  return { memory, left, pass };
};

describe('the memory of calls', () => {
  it.each([
    ['calls', [1, 1, 1, 1, 1], 'cde'],
    ['size', [60, 30, 30], 'bc'],
    ['size, for one alone', [101], ''],
  ])('is bounded by %s: the oldest make room', (_what, sizes, expected) => {
    const { memory, left } = memoryOf();
    sizes.forEach((size, index) => memory.keep('abcde'[index]!, { size }));
    expect(left('abcde')).toBe(expected);
  });

  it('is bounded by age', () => {
    const { memory, pass, left } = memoryOf();
    memory.keep('a', { size: 1 });
    pass(600);
    memory.keep('b', { size: 1 });
    pass(400);
    expect(left('ab')).toBe('b');
  });

  it('has room again for what was taken or kept anew', () => {
    const { memory, left } = memoryOf();
    for (let round = 0; round < 50; round += 1) {
      memory.keep('a', { size: 90 });
      memory.keep('b', { size: 5 });
      memory.take('b');
    }
    expect(left('ab')).toBe('a');
  });
});
