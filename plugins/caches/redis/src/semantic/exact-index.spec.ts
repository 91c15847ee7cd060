import { describe, expect, it } from '@jest/globals';
import { ExactIndex } from './exact-index.js';
import { directionOf, fromBytes, toBytes } from './vectors.js';

const direction = (...values: number[]): Float32Array => directionOf(Float32Array.from(values))!;
const known = (key: string, values: number[], endsAt = 100) => ({ key, direction: direction(...values), endsAt });

describe('the exact index', () => {
  it('finds the nearest by the angle, whatever the length', async () => {
    const index = new ExactIndex(10);
    await index.add('s', known('right', [1, 0]));
    await index.add('s', known('up', [0, 5]));
    expect(await index.nearest('s', direction(3, 1), 0)).toEqual({
      key: 'right',
      similarity: expect.closeTo(0.9487, 4),
    });
    expect(await index.nearest('s', direction(-1, 20), 0)).toMatchObject({ key: 'up' });
    expect(await index.nearest('s', direction(-1, 0), 0)).toMatchObject({ key: 'up', similarity: 0 });
    expect(await index.nearest('other', direction(1, 0), 0)).toBeUndefined();
  });

  it('forgets those whose time is over', async () => {
    const index = new ExactIndex(10);
    await index.add('s', known('short', [1, 0], 50));
    await index.add('s', known('long', [0, 1], 100));
    expect(await index.nearest('s', direction(1, 0), 49)).toMatchObject({ key: 'short' });
    expect(await index.nearest('s', direction(1, 0), 50)).toMatchObject({ key: 'long' });
    expect(await index.nearest('s', direction(1, 0), 100)).toBeUndefined();
  });

  it('knows so many of all scopes, and drives out the oldest of the scope that was not used for the longest', async () => {
    const index = new ExactIndex(4);
    await index.add('a', known('a1', [1, 0]));
    await index.add('a', known('a2', [0, 1]));
    await index.add('b', known('b1', [1, 0]));
    await index.add('b', known('b2', [0, 1]));
    await index.nearest('a', direction(1, 0), 0);
    await index.add('c', known('c1', [1, 0]));
    const keys = ['a', 'b', 'c'].map((scope) => index.nearestNow(scope, direction(1, 0), 0)?.key);
    expect(keys).toEqual(['a1', 'b2', 'c1']);
  });
});

describe('a vector', () => {
  it('is little-endian float32 on the way to Redis and back', () => {
    const vector = Float32Array.of(1, -0.5);
    expect(toBytes(vector).toString('hex')).toBe('0000803f000000bf');
    expect(fromBytes(toBytes(vector))).toEqual(vector);
    expect([fromBytes(Buffer.alloc(0)), fromBytes(Buffer.alloc(3))]).toEqual([undefined, undefined]);
  });

  it.each([[[0, 0]], [[Number.NaN, 1]], [[Infinity, 1]], [[]]])('%j points nowhere', (values) => {
    expect(directionOf(Float32Array.from(values))).toBeUndefined();
  });
});
