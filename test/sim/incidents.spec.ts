// Whole incidents made up by chance: whatever fails, hangs, is slow, limited or set back in time, no request is lost.
import type { RouterSettings } from '@turnpike/domain';
import type { ErrorCode } from '@turnpike/errors';
import type { SelectV1 } from '@turnpike/plugin-sdk';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { problemsOf } from './play.mjs';
import { deployment, routerSettings, seededRandom } from './settings.mjs';
import type { Fate, Upstream } from './upstream.mjs';
import { World, type Arrival, type End, type Plan } from './world.mjs';

const { INCIDENTS = '400', INCIDENTS_SEED = '1' } = process.env;
const RUNS = { numRuns: Number(INCIDENTS), seed: Number(INCIDENTS_SEED) };
const LONGEST_MS = 30_000 + 20 * RUNS.numRuns;

const GROUPS = ['g', 'h', 'i'] as const;
const CODES: readonly ErrorCode[] = [
  'GW_UPSTREAM_ERROR',
  'GW_UPSTREAM_UNAVAILABLE',
  'GW_UPSTREAM_RATE_LIMITED',
  'GW_UPSTREAM_AUTHENTICATION',
  'GW_UPSTREAM_NOT_FOUND',
  'GW_INVALID_REQUEST',
  'GW_CONTEXT_WINDOW_EXCEEDED',
  'GW_UNSUPPORTED_PARAMETER',
  'GW_INTERNAL',
  'GW_STREAM_CUT',
];

/** Short times are more frequent, as they are in life. */
const times = (most: number) =>
  fc.oneof({ weight: 3, arbitrary: fc.nat(50) }, { weight: 2, arbitrary: fc.nat(2_000) }, fc.nat(most));

const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const fates: fc.Arbitrary<Fate> = fc.record({
  afterMs: times(40_000),
  firstTokenMs: sometimes(times(5_000)),
  code: sometimes(fc.constantFrom(...CODES)),
  retryAfterMs: sometimes(times(90_000)),
  outputTokens: fc.nat(500),
});

const places = fc.record({
  group: fc.constantFrom(...GROUPS),
  order: sometimes(fc.integer({ min: 1, max: 2 })),
  rpm: sometimes(fc.integer({ min: 1, max: 20 })),
  maxParallelRequests: sometimes(fc.integer({ min: 1, max: 3 })),
  cooldownMs: sometimes(fc.constantFrom(0, 200, 30_000)),
  weight: sometimes(fc.nat(3)),
  /** What becomes of its calls, over and over. */
  fates: fc.array(fates, { minLength: 1, maxLength: 6 }),
});

const fallbackTargets = fc.array(
  fc.record({ model: fc.constantFrom(...GROUPS, 'nobody'), overrides: sometimes(fc.constant({ temperature: 0 })) }),
  { maxLength: 3 },
);

const settings: fc.Arbitrary<Partial<RouterSettings>> = fc.record({
  numRetries: fc.nat(4),
  retryAfterMs: fc.constantFrom(0, 0, 1_500),
  cooldownMs: fc.constantFrom(0, 100, 5_000, 60_000),
  disableCooldowns: fc.constantFrom(false, false, true),
  allowedFails: sometimes(fc.nat(3)),
  hedge: sometimes(times(3_000).map((afterMs) => ({ afterMs }))),
  maxFallbacks: fc.nat(5),
  fallbackOnRateLimit: fc.boolean(),
  fallbacks: fc.dictionary(fc.constantFrom(...GROUPS, '*'), fallbackTargets),
  contextWindowFallbacks: fc.dictionary(fc.constantFrom(...GROUPS), fallbackTargets),
});

const clients = fc.record({
  afterMs: times(3_000),
  /** A group, an alias of two, or a deployment, of those there are. */
  model: fc.nat(),
  deadlineMs: fc.oneof(fc.constant(60_000), fc.integer({ min: 1, max: 5_000 })),
  stream: fc.boolean(),
  caller: fc.constantFrom('x', 'y', 'z'),
  wishes: fc.record(
    {
      numRetries: fc.nat(3),
      priority: fc.integer({ min: -1, max: 2 }),
      disableFallbacks: fc.boolean(),
      affinityKey: fc.constantFrom('one', 'two'),
    },
    { requiredKeys: [] },
  ),
});

const incidents = fc.record({
  places: fc.array(places, { minLength: 1, maxLength: 6 }),
  settings,
  strategy: fc.constantFrom('first', 'last', 'by chance', 'choosy', 'broken'),
  clients: fc.array(clients, { minLength: 1, maxLength: 40 }),
  queueSize: fc.constantFrom(0, 1, 5, 50),
  admissionMs: fc.constantFrom(0, 0, 1, 40),
  attemptTimeoutMs: fc.constantFrom(50, 1_000, 20_000, 600_000),
  clockSteps: fc.array(fc.record({ afterMs: fc.nat(30_000), byMs: fc.integer({ min: -90_000, max: 90_000 }) }), {
    maxLength: 3,
  }),
  seed: fc.nat(),
});

type Incident = typeof incidents extends fc.Arbitrary<infer T> ? T : never;

const STRATEGIES: Record<Incident['strategy'], SelectV1['select']> = {
  first: () => 0,
  last: (candidates) => candidates.length - 1,
  'by chance': (candidates, { random }) => Math.floor(random() * candidates.length),
  choosy: (candidates, { random }) => Math.floor(random() * (candidates.length + 1)) - 1,
  broken: (_candidates, { random }) => {
    if (random() < 0.5) throw new Error('a fault of the plugin');
    return Number.NaN;
  },
};

/** Calls end as they are told to, one after the other and from the beginning again. */
const scripted = (ends: readonly Fate[]): Upstream & { underWay: number } => {
  let calls = 0;
  return {
    underWay: 0,
    begin() {
      this.underWay += 1;
      calls += 1;
      return ends[(calls - 1) % ends.length]!;
    },
    end() {
      this.underWay -= 1;
    },
  };
};

const planOf = (incident: Incident) => {
  const deployments = incident.places.map(({ group, fates: _fates, ...limits }, at) =>
    deployment(group, `${group}${at}`, limits),
  );
  const names = [...new Set(deployments.flatMap(({ id, modelName }) => [modelName, id])), 'either'];
  const aliases = { either: { targets: [deployments.at(-1)!.modelName, deployments[0]!.modelName], hidden: false } };
  const upstreams = Object.fromEntries(deployments.map(({ id }, at) => [id, scripted(incident.places[at]!.fates)]));
  const arrivals = incident.clients.map((client): Arrival => ({
    ...client,
    model: names[client.model % names.length]!,
  }));
  const plan: Plan = {
    deployments,
    settings: routerSettings({ ...incident.settings, aliases }),
    strategy: { select: STRATEGIES[incident.strategy] },
    upstreams,
    random: seededRandom(incident.seed),
    arrivals,
    queueSize: incident.queueSize,
    attemptTimeoutMs: incident.attemptTimeoutMs,
    admissionMs: () => incident.admissionMs,
    clockSteps: incident.clockSteps,
  };
  return { plan, upstreams };
};

/** How much later than its deadline a request may end: the limits were asked just before it. */
const graceOf = ({ admissionMs, clockSteps }: Incident): number =>
  admissionMs + 1 + clockSteps.reduce((sum, { byMs }) => sum + Math.abs(byMs), 0);

const played = async (incident: Incident) => {
  const { plan, upstreams } = planOf(incident);
  const ends: End[] = [];
  const world = new World(plan, (end) => ends.push(end));
  await world.run();
  if (incident.strategy === 'broken') world.faults.length = 0;
  return { world, ends, upstreams };
};

describe('whatever happens', () => {
  it(
    'every request ends once, in time, and nothing is broken or left behind',
    async () => {
      await fc.assert(
        fc.asyncProperty(incidents, async (incident) => {
          const { world, ends, upstreams } = await played(incident);
          expect(problemsOf(world, ends.length)).toEqual([]);
          expect(ends).toHaveLength(incident.clients.length);
          expect(Object.values(upstreams).map(({ underWay }) => underWay)).toEqual(incident.places.map(() => 0));
          const latest = Math.max(...ends.map(({ tookMs, deadlineMs }) => tookMs - deadlineMs));
          expect(latest).toBeLessThanOrEqual(graceOf(incident));
        }),
        RUNS,
      );
    },
    LONGEST_MS,
  );

  it(
    'the same happens again when all is the same again',
    async () => {
      await fc.assert(
        fc.asyncProperty(incidents, async (incident) => {
          expect((await played(incident)).ends).toEqual((await played(incident)).ends);
        }),
        { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 10) },
      );
    },
    LONGEST_MS,
  );
});
