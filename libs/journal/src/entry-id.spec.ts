import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { entryId, entryIds } from './entry-id.js';

const ofProcess = Buffer.from('00112233445566', 'hex');
const at = (...times: readonly number[]): (() => string) => {
  let index = 0;
  return entryIds({ now: () => times[Math.min(index++, times.length - 1)]!, ofProcess });
};

describe('ids of entries', () => {
  it('are UUIDs of version 7 that tell the millisecond', () => {
    const before = Date.now();
    const id = entryId();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const time = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it('count within a millisecond', () => {
    const next = at(0x0190a5b26c1e);
    expect([next(), next()]).toEqual(['0190a5b2-6c1e-7000-8000-112233445566', '0190a5b2-6c1e-7000-8100-112233445566']);
    for (let count = 2; count < 64; count += 1) next();
    expect(next()).toBe('0190a5b2-6c1e-7001-8000-112233445566');
  });

  it('begin to count anew with each millisecond', () => {
    const next = at(5, 5, 6);
    expect([next(), next(), next()].map((id) => id.slice(9, 23))).toEqual([
      '0005-7000-8000',
      '0005-7000-8100',
      '0006-7000-8000',
    ]);
  });

  it('go on in the next millisecond when one has no more', () => {
    const next = at(7);
    let last = next();
    for (let count = 1; count < 2 ** 18; count += 1) last = next();
    expect(last.slice(9, 21)).toBe('0007-7fff-bf');
    expect(next().slice(9, 21)).toBe('0008-7000-80');
  });

  it('rise, as text too, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 2, maxLength: 200 }), (times) => {
        const next = at(...times);
        const ids = times.map(() => next());
        expect(ids).toEqual([...new Set(ids)].sort());
      }),
    );
  });

  it.each([[[0, 0, 1]], [[-5, -4, 3.7]]])('are well formed when the clock says %j', (times) => {
    const next = at(...times);
    const ids = times.map(() => next());
    for (const id of ids) expect(id).toMatch(/^00000000-000[0-3]-7\d{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  it('differ between processes at the same moment', () => {
    const now = (): number => 1;
    expect(entryIds({ now })()).not.toBe(entryIds({ now })());
  });
});
