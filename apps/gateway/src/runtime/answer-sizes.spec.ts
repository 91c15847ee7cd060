import { describe, expect, it } from '@jest/globals';
import { AnswerSizes } from './answer-sizes.js';

const sizesOf = (...tokens: number[]): AnswerSizes => {
  const sizes = new AnswerSizes();
  for (const count of tokens) sizes.add(count);
  return sizes;
};

describe('the 95th percentile of answers', () => {
  it('is 0 before there was one', () => expect(new AnswerSizes().p95).toBe(0));

  it.each([1, 2, 100, 1_000, 50_000])('of one answer with %i tokens is that, up to a factor of √2', (tokens) => {
    const { p95 } = sizesOf(tokens);
    expect(p95).toBeGreaterThanOrEqual(tokens);
    expect(p95).toBeLessThanOrEqual(Math.ceil(tokens * Math.SQRT2));
  });

  it('passes over the longest five of a hundred', () => {
    const short = Array.from({ length: 96 }, () => 100);
    expect(sizesOf(...short, 8_000, 8_000, 8_000, 8_000).p95).toBeLessThan(150);
    expect(sizesOf(...short.slice(6), ...Array.from({ length: 10 }, () => 8_000)).p95).toBeGreaterThanOrEqual(8_000);
  });

  it('follows what the model does now', () => {
    const sizes = sizesOf(...Array.from({ length: 2_000 }, () => 8_000));
    for (let call = 0; call < 8_000; call += 1) sizes.add(100);
    expect(sizes.p95).toBeLessThan(150);
  });

  it.each([0, -1, 1e300])('takes %d for an answer, too', (tokens) =>
    expect(Number.isFinite(sizesOf(tokens).p95)).toBe(true),
  );
});
