/**
 * What a choice of the router costs, without all the rest of a gateway. Forked; answers `{ strategies }` to `{}`, and
 * `{ nanos }` of processor time a choice to `{ strategy, deployments, count }`.
 */
import { LiveState, ModelIndex, NO_WISHES, outcome, Router } from '@turnpike/router';
import { deployment, routerSettings, seededRandom } from '../test/sim/settings.mjs';
import { loadStrategies } from '../test/sim/strategies.mjs';
import { threadMicros } from './thread-time.mjs';

/** @typedef {{ strategy?: string, deployments: number, count: number }} Order */

const CALLS_BEFORE = 50;
const PRICES = 7;

const strategies = await loadStrategies();
/** Made once for each strategy and number, since a router that has run for a while is compiled better. @type {Map<string, (count: number) => number>} */
const made = new Map();

process.on('message', (/** @type {Order} */ { strategy, deployments, count }) => {
  if (strategy === undefined) {
    process.send?.({ strategies: strategies.map(({ name }) => name) });
    return;
  }
  const key = `${strategy} ${deployments}`;
  const choose = made.get(key) ?? makeChooser(strategy, deployments);
  made.set(key, choose);
  process.send?.({ nanos: choose(count) });
});

/**
 * Deployments that have all answered many calls: the choice is made with as much in sight as there can be.
 * @param {string} name
 * @param {number} size
 * @returns {(count: number) => number} nanoseconds a choice
 */
function makeChooser(name, size) {
  const strategy = strategies.find((one) => one.name === name);
  if (!strategy) throw new Error(`there is no strategy ${name}`);
  const random = seededRandom(1);
  const settings = routerSettings();
  const state = new LiveState();
  // Ids as configurations get them that name none.
  const deployments = Array.from({ length: size }, (_, at) =>
    deployment('chat', at.toString(16).padStart(64, 'e3b0c4')),
  );
  const facts = {
    priceOf: (/** @type {{ id: string }} */ { id }) => 1 + (Number.parseInt(id.slice(-2), 16) % PRICES),
    maxInputTokensOf: () => undefined,
    isUsable: () => true,
  };
  const router = new Router({
    index: new ModelIndex({ deployments, settings, state, facts }),
    settings,
    strategy: strategy.select,
    random,
    onStrategyFault: (error) => {
      throw error;
    },
  });
  const resolution = router.resolve('chat');
  let now = Date.now();

  const answerOf = () => {
    const outputTokens = 20 + Math.floor(400 * random());
    return { durationMs: 200 + outputTokens * (6 + 4 * random()), tokens: outputTokens + 100, outputTokens };
  };
  const answers = Array.from({ length: 256 }, answerOf);

  for (const { id } of deployments) {
    for (let call = 0; call < CALLS_BEFORE; call += 1) {
      state.of({ id }).began(now);
      state.of({ id }).ended((now += 0.01), { ...answerOf(), isFailure: false });
    }
  }

  return (count) => {
    const begin = threadMicros();
    for (let at = 0; at < count; at += 1) {
      now += 0.5;
      const request = {
        model: 'chat',
        stream: false,
        promptTokens: 100,
        certainPromptTokens: 0,
        deadlineAt: now + 1e6,
        wishes: NO_WISHES,
      };
      const step = router.route(request, resolution).next(now);
      if (step.kind !== 'attempt') throw new Error(`nobody was chosen: ${step.kind}`);
      // Each choice finds other figures than the one before, as in life.
      step.target.state.began(now);
      outcome.answered(step, now);
      outcome.succeeded(step, /** @type {outcome.AttemptFacts} */ (answers[at & 255]), now);
    }
    return ((threadMicros() - begin) * 1_000) / count;
  };
}
