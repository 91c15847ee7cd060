import type { SelectV1 } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { failuresOf } from '../check.js';
import { strategySubject } from '../samples/sample-others.js';
import { strategyChecks, strategyConformance, type StrategyCase } from './conformance.js';

const unpackaged = [{ case: 'import', reason: 'the plugin of this spec is no package' }];

const cases: StrategyCase[] = [
  { name: 'prefers the least busy', candidates: [{ inFlight: 2 }, { inFlight: 0 }, { inFlight: 1 }], expected: 1 },
  { name: 'takes turns among equals', candidates: [{}, { inFlight: 1 }, {}], expected: [0, 2] },
  { name: 'is even among equals', candidates: [{}, {}, {}, {}], expected: { shares: [0.25, 0.25, 0.25, 0.25] } },
  { name: 'has nothing to pick from', candidates: [], expected: -1 },
];

strategyConformance({ ...strategySubject(), cases, skips: unpackaged });

const failing = async (select: SelectV1['select'], examples: StrategyCase[] = []): Promise<string[]> => {
  const checks = strategyChecks({ ...strategySubject(select), cases: examples });
  return Object.keys(await failuresOf(checks.filter(({ id }) => /^(select|cases)\//.test(id))));
};

describe('the strategy suite fails a strategy that', () => {
  it.each<[string, SelectV1['select'], string[]]>([
    [
      'picks outside the list',
      (list) => list.length,
      ['valid', 'empty', 'single', 'repeatable', 'pure', 'extreme-random'],
    ],
    ['picks of an empty list', () => 0, ['empty']],
    [
      'picks nothing at all',
      () => undefined as unknown as number,
      ['valid', 'empty', 'single', 'repeatable', 'pure', 'extreme-random'],
    ],
    [
      'leaves the list for the largest random number',
      (list, { random }) => (list.length === 0 ? -1 : random() > 0.999_999 ? list.length : 0),
      ['extreme-random'],
    ],
    [
      'rolls its own dice',
      (list) => Math.floor(Math.random() * list.length) || (list.length > 0 ? 0 : -1),
      ['repeatable', 'pure'],
    ],
    ['looks at the clock', (list) => (list.length > 0 && Date.now() > 0 ? 0 : -1), ['pure']],
    ['sorts the list it was given', (list) => ((list as unknown[]).reverse(), list.length - 1), ['pure']],
  ])('%s', async (_title, select, fails) => {
    expect(await failing(select)).toEqual(fails.map((id) => `select/${id}`));
  });

  it('remembers what it picked before', async () => {
    let turn = 0;
    const select: SelectV1['select'] = (list) => (list.length === 0 ? -1 : (turn += 1) % list.length);
    expect(await failing(select)).toEqual(['select/repeatable']);
  });

  it('always picks the first', async () => {
    expect(await failing((list) => (list.length === 0 ? -1 : 0), cases)).toEqual([
      'cases/prefers the least busy',
      'cases/takes turns among equals',
      'cases/is even among equals',
    ]);
  });
});
