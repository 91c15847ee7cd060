import { aSelectionContext, candidates, type CandidateChanges } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

const { select } = plugin.init({}, undefined as never);

/** The pick for a prompt of 100 tokens. */
const pick = (changes: CandidateChanges[], random = 0): number =>
  select.select(candidates(...changes), aSelectionContext({ promptTokens: 100, random: () => random }));

const dear = { priceNanoUsd: 75_000_000_000 };
const cheap = { priceNanoUsd: 750_000_000 };
const free = { priceNanoUsd: 0 };
const unknown = { priceNanoUsd: undefined };

describe('cost-based', () => {
  it.each<[string, CandidateChanges[], number]>([
    ['the cheapest', [dear, cheap, dear], 1],
    ['what costs nothing before what costs little', [cheap, free], 1],
    ['a dear one before one of unknown price', [unknown, dear], 1],
    ['one of unknown price when there is nothing else', [unknown], 0],
    ['the next cheapest when the cheapest has no tokens left', [{ ...cheap, deployment: { tpm: 99 } }, dear], 1],
    ['the cheapest when the prompt just fits', [{ ...cheap, deployment: { tpm: 100 } }, dear], 0],
    [
      'the next cheapest when the cheapest has no request left',
      [{ ...cheap, requestsThisMinute: 2, deployment: { rpm: 2 } }, dear],
      1,
    ],
    ['one of unknown price when the others are full', [{ ...cheap, deployment: { tpm: 99 } }, unknown], 1],
    ['nothing when none has room', [{ ...cheap, deployment: { tpm: 99 } }], -1],
    ['nothing of nothing', [], -1],
  ])('picks %s', (_title, changes, expected) => {
    expect(pick(changes)).toBe(expected);
  });

  it.each([
    ['of one price', [cheap, dear, cheap], 0, 2],
    ['of one price', [cheap, dear, cheap], 0.999, 0],
    ['of unknown price', [unknown, unknown], 0, 1],
    ['of unknown price', [unknown, unknown], 0.999, 0],
  ])('leaves it to chance among those %s (%#)', (_title, changes, random, expected) => {
    expect(pick(changes, random)).toBe(expected);
  });

  it.each(['cost-based', 'cost-based-routing'])('goes by %s in configurations', (name) => {
    expect(plugin.aliases).toContain(name);
  });
});
