import type { Candidate, SelectionContext, SelectV1 } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { anIndex, aRequest, idOf, inGroup, levelOf, limitsOf, NOW, takesFirst, wishing } from '../test/doubles.js';
import { ownerOf } from './affinity.js';
import { afterChoice, HEALTHY, type Health } from './health.js';
import type { Level } from './model-index.js';
import { Selection, type SelectionOptions } from './selection.js';

const aSelection = (strategy: SelectV1 = takesFirst, options: Partial<SelectionOptions> = {}) => {
  const faults: unknown[] = [];
  const selection = new Selection({
    strategy,
    limits: undefined,
    isPreCallChecked: false,
    random: () => 0.5,
    onStrategyFault: (error) => faults.push(error),
    ...options,
  });
  return { selection, faults };
};

const three = (): Level => levelOf(anIndex(['a', 'b', 'c'].map((id) => inGroup('g', id))));

const COOLING: Health = { ...HEALTHY, coolUntil: NOW + 3_000, isProving: true };
const PROBED = afterChoice({ ...COOLING, coolUntil: NOW }, NOW);

describe('the targets that are ready', () => {
  it('are the level’s own list when all of them are: nothing is copied', () => {
    const level = three();
    expect(aSelection().selection.ready(level, aRequest(), NOW)).toBe(level.targets);
  });

  it.each<[string, string[], string[]]>([
    ['the first', ['a'], ['b', 'c']],
    ['one between', ['b'], ['a', 'c']],
    ['the last', ['c'], ['a', 'b']],
    ['the first two', ['a', 'b'], ['c']],
    ['all', ['a', 'b', 'c'], []],
  ])('are the others when what is not ready is %s', (_title, limited, expected) => {
    const limits = limitsOf(Object.fromEntries(limited.map((id) => [id, 1_000])));
    const { selection } = aSelection(takesFirst, { limits });
    expect(selection.ready(three(), aRequest(), NOW).map(idOf)).toEqual(expected);
  });

  it.each<[string, Health]>([
    ['in cooldown', COOLING],
    ['being probed', PROBED],
  ])('do not have one that is %s, unless it is the one that was asked for by its id', (_title, health) => {
    const index = anIndex([inGroup('g', 'a'), inGroup('g', 'b')]);
    const level = levelOf(index);
    level.targets[0]!.state.changeHealth(health);
    const { selection } = aSelection();
    expect(selection.ready(level, aRequest(), NOW).map(idOf)).toEqual(['b']);
    expect(selection.ready(levelOf(index, 'a'), aRequest(), NOW).map(idOf)).toEqual(['a']);
  });

  it('do not have one at its limit, even when that one was asked for by its id', () => {
    const { selection } = aSelection(takesFirst, { limits: limitsOf({ a: 10 }) });
    expect(selection.ready(levelOf(anIndex([inGroup('g', 'a')]), 'a'), aRequest(), NOW)).toEqual([]);
  });
});

describe('the pick', () => {
  const pickBy = (strategy: SelectV1, options: Partial<SelectionOptions> = {}, request = aRequest()) => {
    const { selection, faults } = aSelection(strategy, options);
    const pick = selection.pick(three().targets, request, NOW);
    return { picked: pick && [idOf(pick.target), pick.reason], faults };
  };

  it('of one is that one, and no strategy is asked', () => {
    const { selection } = aSelection({ select: () => -1 });
    const [only] = three().targets;
    expect(selection.pick([only!], aRequest(), NOW)).toEqual({ target: only, reason: 'only' });
  });

  it('of none is none', () => expect(aSelection().selection.pick([], aRequest(), NOW)).toBeUndefined());

  it.each([
    [0, ['a', 'strategy']],
    [2, ['c', 'strategy']],
    [-1, undefined],
  ])('is the strategy’s: %d gives %j', (index, expected) => {
    expect(pickBy({ select: () => index })).toEqual({ picked: expected, faults: [] });
  });

  it('shows the strategy the candidates and the call', () => {
    let shown: [readonly Candidate[], SelectionContext] | undefined;
    const random = () => 0.25;
    const select: SelectV1['select'] = (...given) => ((shown = given), 0);
    pickBy({ select }, { random }, aRequest({ stream: true, promptTokens: 42 }));
    expect(shown?.[0].map(({ deployment }) => deployment.id)).toEqual(['a', 'b', 'c']);
    expect(shown?.[1]).toEqual({ stream: true, promptTokens: 42, now: NOW, random });
  });

  it('shows the strategy the counts of this minute', () => {
    const { targets } = three();
    targets[0]!.state.began(NOW - 60_000);
    const counts: number[] = [];
    const select: SelectV1['select'] = (candidates) => {
      counts.push(...candidates.map(({ requestsThisMinute }) => requestsThisMinute));
      return 0;
    };
    aSelection({ select }).selection.pick(targets, aRequest(), NOW);
    expect(counts).toEqual([0, 0, 0]);
  });

  it.each<[string, unknown]>([
    ['beyond the list', 3],
    ['below -1', -2],
    ['between two', 1.5],
    ['no number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['a word', '1'],
    ['nothing', undefined],
  ])('is by chance, and reported, when the strategy answers what is no choice: %s', (_title, answer) => {
    const { picked, faults } = pickBy({ select: () => answer as number });
    expect(picked).toEqual(['b', 'shuffle']);
    expect(faults).toEqual([new TypeError(`The strategy picked ${String(answer)} of 3 candidates.`)]);
  });

  it('is by chance, and reported, when the strategy throws', () => {
    const error = new Error('a fault of the plugin');
    const select = () => {
      throw error;
    };
    expect(pickBy({ select })).toEqual({ picked: ['b', 'shuffle'], faults: [error] });
  });

  it.each([
    [0, 'a'],
    [0.34, 'b'],
    [0.999_999, 'c'],
  ])('by chance is even: %d gives %s', (number, expected) => {
    expect(pickBy({ select: () => Number.NaN }, { random: () => number }).picked).toEqual([expected, 'shuffle']);
  });
});

describe('the pick for a conversation', () => {
  it('is the one that it belongs to, whatever the strategy says', () => {
    const { targets } = three();
    for (const affinityKey of ['one', 'two', 'three', 'four']) {
      expect(aSelection({ select: () => -1 }).selection.pick(targets, wishing({ affinityKey }), NOW)).toEqual({
        target: ownerOf(targets, affinityKey),
        reason: 'affinity',
      });
    }
  });

  it('is the strategy’s where it belongs to nobody', () => {
    const { targets } = levelOf(anIndex(['a', 'b'].map((id) => inGroup('g', id, { weight: 0 }))));
    expect(aSelection().selection.pick(targets, wishing({ affinityKey: 'one' }), NOW)?.reason).toBe('strategy');
  });
});
