// The strategy suite: a pure choice among those that may be chosen.
import type { CallSample, Candidate, SelectionContext, SelectV1 } from '@turnpike/plugin-sdk';
import { aSample, aSelectionContext, candidates, type CandidateChanges } from '../builders/deployment.js';
import { check, must, type Check, type Skip } from '../check.js';
import { declareChecks } from '../declare.js';
import { seededRandom } from '../host/fake-host.js';
import { deepFreeze, mustEqual } from '../json.js';
import { pluginChecks, type PluginSubject } from '../plugin/conformance.js';
import { openPlugin } from '../plugin/opened.js';

export interface StrategyCase {
  /** What it shows: 'prefers the one with the fewest calls under way'. */
  name: string;
  candidates: readonly CandidateChanges[];
  context?: Partial<SelectionContext>;
  /**
   * The index it must pick (-1: none), a list of those it may pick, each of which must turn up, or the share of picks
   * that each candidate gets, in the candidates' order.
   */
  expected: number | readonly number[] | { shares: readonly number[]; tolerance?: number };
}

export interface StrategyConformance extends PluginSubject {
  cases?: readonly StrategyCase[];
}

const DRAWS = 4_000;
const LISTS = 200;

const openSelect = (subject: PluginSubject): SelectV1 => openPlugin<'strategy/v1'>(subject).instance.select;

/** Up to 50 calls, oldest first: quick and slow, streamed and whole, failed and not, some without a known usage. */
const sampleCalls = (random: () => number): CallSample[] =>
  Array.from({ length: Math.floor(random() * 51) }, (_, index) =>
    aSample({
      agoMs: (50 - index) * 100,
      durationMs: random() * 20_000,
      firstTokenMs: random() < 0.5 ? random() * 3_000 : undefined,
      outputTokens: random() < 0.2 ? 0 : Math.floor(random() * 2_000),
      isFailure: random() < 0.1,
    }),
  );

/** Lists of 2 to 20 candidates in states of every kind, the same ones each time. */
const sampleLists = (): Candidate[][] => {
  const random = seededRandom(7);
  const below = (bound: number) => Math.floor(random() * bound);
  const perhaps = <T>(value: T): T | undefined => (random() < 0.5 ? value : undefined);
  return Array.from({ length: LISTS }, () =>
    candidates(
      ...Array.from({ length: 2 + below(19) }, () => ({
        inFlight: below(5),
        requestsThisMinute: below(100),
        tokensThisMinute: below(100_000),
        samples: sampleCalls(random),
        priceNanoUsd: perhaps(below(90_000_000)),
        deployment: { rpm: perhaps(below(100)), tpm: perhaps(below(100_000)), weight: perhaps(below(4)) },
      })),
    ),
  );
};

const pick = (select: SelectV1, list: readonly Candidate[], context: Partial<SelectionContext> = {}): number => {
  const index = select.select(list, aSelectionContext(context));
  must(
    Number.isInteger(index) && index >= -1 && index < list.length,
    `Of ${list.length} candidates it picked ${String(index)}.`,
  );
  return index;
};

/** Runs `body` while the clock and the random numbers of the process are forbidden. */
const withoutImpureSources = (body: () => void): void => {
  const { now } = Date;
  const { random } = Math;
  const forbid = (name: string) => () => {
    throw new Error(`It called ${name}; the context has what it needs.`);
  };
  Date.now = forbid('Date.now');
  Math.random = forbid('Math.random');
  try {
    body();
  } finally {
    Date.now = now;
    Math.random = random;
  }
};

export const strategyChecks = (subject: StrategyConformance): Check[] => [
  ...pluginChecks(subject),
  check('select/valid', 'picks an index of the list, or -1', () => {
    const select = openSelect(subject);
    for (const list of sampleLists()) pick(select, list);
  }),
  check('select/empty', 'picks none of an empty list', () => {
    mustEqual(pick(openSelect(subject), []), -1, 'The pick differs');
  }),
  check('select/single', 'picks the only one, or none', () => {
    pick(openSelect(subject), candidates({}));
  }),
  check('select/repeatable', 'picks the same for the same candidates, context and random numbers', () => {
    const select = openSelect(subject);
    for (const [seed, list] of sampleLists().entries()) {
      const first = pick(select, list, { random: seededRandom(seed) });
      mustEqual(pick(select, list, { random: seededRandom(seed) }), first, 'The second pick differs');
      mustEqual(
        pick(openSelect(subject), list, { random: seededRandom(seed) }),
        first,
        "Another instance's pick differs",
      );
    }
  }),
  check('select/pure', 'changes nothing and asks neither clock nor chance of its own', () => {
    const select = openSelect(subject);
    withoutImpureSources(() => {
      for (const list of sampleLists()) pick(select, deepFreeze(list));
    });
  }),
  check('select/extreme-random', 'stays in the list for the smallest and the largest random numbers', () => {
    const select = openSelect(subject);
    for (const list of sampleLists()) {
      pick(select, list, { random: () => 0 });
      pick(select, list, { random: () => 1 - Number.EPSILON });
    }
  }),
  ...(subject.cases ?? []).map((example) =>
    check(`cases/${example.name}`, 'picks as the case says', () => checkCase(openSelect(subject), example)),
  ),
];

const checkCase = (select: SelectV1, { candidates: changes, context = {}, expected }: StrategyCase): void => {
  const list = candidates(...changes);
  const random = seededRandom(42);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const index = pick(select, list, { random, ...context });
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  const picked = [...counts.keys()].sort((left, right) => left - right);
  if (typeof expected === 'number') return mustEqual(picked, [expected], 'The picks differ');
  if (!('shares' in expected)) {
    return mustEqual(
      picked,
      [...expected].sort((left, right) => left - right),
      'The picks differ',
    );
  }
  for (const [index, share] of expected.shares.entries()) {
    const got = (counts.get(index) ?? 0) / DRAWS;
    must(
      Math.abs(got - share) <= (expected.tolerance ?? 0.03),
      `Candidate ${index} got a share of ${got.toFixed(3)} and not ${share}.`,
    );
  }
};

/** Declares the strategy suite. */
export const strategyConformance = (subject: StrategyConformance & { skips?: readonly Skip[] }): void =>
  declareChecks(`${subject.plugin.id} keeps the strategy contract`, strategyChecks(subject), subject.skips);
