// Money is granted in slices that never exceed what is left, and nobody is refused while a call could be paid.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { grant, type Lease } from './grant.js';

const leasesOf = (outstanding: Record<string, number>): Map<string, Lease> =>
  new Map(Object.entries(outstanding).map(([holder, held]) => [holder, { outstanding: held, isRecalled: false }]));

const sumOf = (leases: ReadonlyMap<string, Lease>): number =>
  [...leases.values()].reduce((sum, { outstanding }) => sum + outstanding, 0);

describe('grant', () => {
  it.each<[string, number, Record<string, number>, { needed: number; returned: number }, object]>([
    ['an eighth of what is left to one alone', 8_000, {}, { needed: 1, returned: 0 }, { granted: 1_000 }],
    ['a share of it to each of four', 8_000, { b: 1, c: 1, d: 1 }, { needed: 1, returned: 0 }, { granted: 250 }],
    ['what is needed, where that is more', 8_000, {}, { needed: 5_000, returned: 0 }, { granted: 5_000 }],
    ['no more than the share, with what it has', 8_000, { a: 900 }, { needed: 1, returned: 0 }, { granted: 100 }],
    ['small slices near the limit', 80, {}, { needed: 1, returned: 0 }, { granted: 10 }],
    ['all of the rest', 80, { b: 10 }, { needed: 70, returned: 0 }, { granted: 70 }],
    ['the last call more than is left', 3, {}, { needed: 5, returned: 0 }, { granted: 5 }],
    ['it also to one who gives all back first', 3, { a: 3 }, { needed: 5, returned: 3 }, { granted: 5 }],
    ['nothing, when others hold it', 80, { b: 70 }, { needed: 11, returned: 0 }, { granted: 0, refusal: 'held' }],
    ['nothing, when its own is on its way', 3, { a: 2 }, { needed: 5, returned: 1 }, { granted: 0, refusal: 'held' }],
    ['nothing, when nothing is left', 0, {}, { needed: 1, returned: 0 }, { granted: 0, refusal: 'spent' }],
    [
      'nothing, when more was spent than there was',
      -5,
      {},
      { needed: 1, returned: 0 },
      { granted: 0, refusal: 'spent' },
    ],
    ['nothing, to who only gives back', 8_000, { a: 50 }, { needed: 0, returned: 50 }, { granted: 0 }],
    ['a slice, to who renews', 8_000, { a: 400 }, { needed: 0, returned: 0 }, { granted: 600 }],
  ])('gives %s', (_title, left, outstanding, ask, expected) => {
    expect(grant(left, leasesOf(outstanding), 'a', ask)).toEqual(expected);
  });

  it('recalls what others have when somebody waits, and nothing of those who have nothing', () => {
    const leases = leasesOf({ b: 70, c: 0 });
    grant(80, leases, 'a', { needed: 50, returned: 0 });
    expect([...leases].filter(([, { isRecalled }]) => isRecalled).map(([holder]) => holder)).toEqual(['b']);
  });

  it('renews the lease of who is recalled without adding to it, once', () => {
    const leases = new Map([['a', { outstanding: 10, isRecalled: true }]]);
    expect(grant(8_000, leases, 'a', { needed: 0, returned: 0 })).toEqual({ granted: 0 });
    expect(grant(8_000, leases, 'a', { needed: 0, returned: 0 })).toEqual({ granted: 990 });
  });

  const step = fc.record({
    holder: fc.constantFrom('a', 'b', 'c', 'd'),
    needed: fc.integer({ min: 0, max: 400 }),
    returned: fc.integer({ min: 0, max: 400 }),
    settled: fc.integer({ min: 0, max: 400 }),
  });

  it('never leases more than is left, but for the last call alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const leases = new Map<string, Lease>();
        let spent = 0;
        let excess = 0;
        for (const { holder, needed, returned, settled } of steps) {
          const idle = Math.min(returned, leases.get(holder)?.outstanding ?? 0);
          const wasFree = sumOf(leases) - idle === 0 && spent < max;
          const { granted, refusal } = grant(max - spent, leases, holder, { needed, returned: idle });
          if (spent + sumOf(leases) > max + excess) {
            // Only the whole of one call, when nothing else was under way.
            expect(wasFree && granted === needed).toBe(true);
            excess = spent + sumOf(leases) - max;
          }
          if (needed > 0 && wasFree) expect(granted).toBeGreaterThanOrEqual(needed);
          if (granted > 0) expect(granted).toBeGreaterThanOrEqual(needed);
          if (refusal === 'spent') expect(spent).toBeGreaterThanOrEqual(max);
          const lease = leases.get(holder)!;
          const cost = Math.min(settled, lease.outstanding);
          lease.outstanding -= cost;
          spent += cost;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
