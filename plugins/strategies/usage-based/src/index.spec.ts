import { aSelectionContext, candidates, type CandidateChanges } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

const { select } = plugin.init({}, undefined as never);

/** The pick for a prompt of 100 tokens. */
const pick = (changes: CandidateChanges[], random = 0): number =>
  select.select(candidates(...changes), aSelectionContext({ promptTokens: 100, random: () => random }));

const used = (tokensThisMinute: number, limits: { rpm?: number; tpm?: number } = {}, requestsThisMinute = 0) => ({
  tokensThisMinute,
  requestsThisMinute,
  deployment: limits,
});

describe('usage-based', () => {
  it.each<[string, CandidateChanges[], number]>([
    ['the fewest tokens', [used(300), used(100), used(200)], 1],
    [
      'the fewest tokens, not the smallest share of its own limit',
      [used(300, { tpm: 400 }), used(900, { tpm: 9_000 })],
      0,
    ],
    ['one with a limit that the prompt just fits in', [used(100, { tpm: 200 }), used(500)], 0],
    ['none that the prompt would take over its limit', [used(101, { tpm: 200 }), used(500)], 1],
    ['one with a request left', [used(0, { rpm: 3 }, 2), used(500)], 0],
    ['none without a request left', [used(0, { rpm: 3 }, 3), used(500)], 1],
    ['nothing when none has room', [used(0, { tpm: 99 }), used(0, { rpm: 1 }, 1)], -1],
    ['nothing of nothing', [], -1],
  ])('picks %s', (_title, changes, expected) => {
    expect(pick(changes)).toBe(expected);
  });

  it.each([
    [0, 3],
    [0.999, 1],
  ])('leaves it to chance among equals: at %p number %p', (random, expected) => {
    expect(pick([used(9), used(5), used(0, { tpm: 1 }), used(5)], random)).toBe(expected);
  });

  it.each(['usage-based', 'usage-based-routing', 'usage-based-v2', 'usage-based-routing-v2'])(
    'goes by %s in configurations',
    (name) => {
      expect(plugin.aliases).toContain(name);
    },
  );
});
