/** What deployments, clients and the gateway are like, one scenario after the other. */
import { deployment, routerSettings, seededRandom } from './settings.mjs';
import { SimulatedUpstream } from './upstream.mjs';

/** @typedef {import('./upstream.mjs').Nature} Nature */
/** @typedef {import('@turnpike/domain').RouterSettings} RouterSettings */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} what in one or two sentences
 * @property {readonly Nature[]} natures of the five deployments
 * @property {Partial<RouterSettings>} [settings] other than the defaults
 * @property {number} [parallel] requests that each deployment is configured to take at once; 40
 * @property {number} [queueSize]
 * @property {number} [deadlineMs] of each request
 */

export const PER_SECOND = 30;
const PARALLEL = 40;
const PROMPT_TOKENS = 100;
const DEADLINE_MS = 120_000;
const ATTEMPT_TIMEOUT_MS = 20_000;

/** @type {Nature} */
const WELL = {};

/** @param {...Nature} first the others are well @returns {Nature[]} five */
const fiveWith = (...first) => [...first, ...Array.from({ length: 5 - first.length }, () => WELL)];

/** @param {number} everyMs @param {number} forMs @returns {(elapsedMs: number) => boolean} */
const downEvery = (everyMs, forMs) => (elapsedMs) => elapsedMs % everyMs >= everyMs - forMs;

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  {
    name: 'steady',
    what: 'All five are well.',
    natures: fiveWith(),
  },
  {
    name: 'dead',
    what: 'The first one refuses every connection.',
    natures: fiveWith({ isDown: () => true, downCode: 'GW_UPSTREAM_CONNECTION', downMs: 5 }),
  },
  {
    name: 'hanging',
    what: 'The first one takes every request and never answers; an attempt is given up after 20 s.',
    natures: fiveWith({ slowness: 1e6 }),
  },
  {
    name: 'slow',
    what: 'The first one takes ten times as long.',
    natures: fiveWith({ slowness: 10 }),
  },
  {
    name: 'slow, hedged',
    what: 'The same, and a second deployment is asked when 95 % of the calls of late would have answered.',
    natures: fiveWith({ slowness: 10 }),
    settings: { hedge: { afterPercentile: 95 } },
  },
  {
    name: 'flapping',
    what: 'The first one answers 503 for 20 s of every 40 s.',
    natures: fiveWith({ isDown: downEvery(40_000, 20_000) }),
  },
  {
    name: 'rate-limited',
    what:
      'The first two take 120 requests a minute each, a third of their share, and answer 429 with Retry-After for the rest ' +
      'of the minute. The configuration does not say so.',
    natures: fiveWith({ perMinute: 120 }, { perMinute: 120 }),
  },
  {
    name: 'overload',
    what:
      'Each takes 8 requests at once, and the configuration says so: together about two thirds of what comes. Up to ' +
      '500 requests wait in the queue, for 30 s at most.',
    natures: fiveWith().map(() => ({ parallel: 8 })),
    parallel: 8,
    queueSize: 500,
    deadlineMs: 30_000,
  },
];

const IDS = ['a', 'b', 'c', 'd', 'e'];

/** Nano-dollars per million tokens: the cheapest is the first. */
const PRICES = new Map(IDS.map((id, place) => [id, (place + 1) * 1e9]));

/**
 * @param {Scenario} scenario
 * @param {import('@turnpike/plugin-sdk').SelectV1} strategy
 * @param {{ requests: number, seed: number }} size
 * @returns {import('./world.mjs').Plan}
 */
export const planOf = (scenario, strategy, { requests, seed }) => {
  const { natures, settings, parallel = PARALLEL, queueSize = 0, deadlineMs = DEADLINE_MS } = scenario;
  const [forRouter, forUpstreams, forClients] = [1, 2, 3].map((part) => seededRandom(seed * 10 + part));
  const random = /** @type {() => number} */ (forUpstreams);
  return {
    deployments: IDS.map((id) => deployment('chat', id, { maxParallelRequests: parallel })),
    settings: routerSettings(settings),
    strategy,
    upstreams: Object.fromEntries(IDS.map((id, place) => [id, new SimulatedUpstream(natures[place] ?? WELL, random)])),
    random: /** @type {() => number} */ (forRouter),
    arrivals: arrivals(requests, deadlineMs, /** @type {() => number} */ (forClients)),
    queueSize,
    attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
    priceOf: ({ id }) => PRICES.get(id),
  };
};

/**
 * Clients that know nothing of each other: the time between two of them is exponential.
 * @param {number} count
 * @param {number} deadlineMs
 * @param {() => number} random
 */
function* arrivals(count, deadlineMs, random) {
  for (let number = 0; number < count; number += 1) {
    const afterMs = (-Math.log(1 - random()) * 1_000) / PER_SECOND;
    yield { afterMs, model: 'chat', deadlineMs, promptTokens: PROMPT_TOKENS, caller: `client ${number % 20}` };
  }
}
