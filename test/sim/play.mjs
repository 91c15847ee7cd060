/** Plays scenarios with strategies and sees to it that no promise was broken. */
import { planOf } from './scenarios.mjs';
import { Tally } from './tally.mjs';
import { World } from './world.mjs';

/**
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {import('./strategies.mjs').Strategy} strategy
 * @param {{ requests: number, seed: number }} size
 * @returns {Promise<import('./tally.mjs').Figures>}
 * @throws what should never happen, in words
 */
export const play = async (scenario, strategy, size) => {
  const tally = new Tally();
  const world = new World(planOf(scenario, strategy.select, size), (end) => tally.add(end));
  await world.run();
  const problems = problemsOf(world, tally.requests);
  if (problems.length > 0) throw new Error(`${scenario.name}, ${strategy.name}: ${problems.join('; ')}`);
  return tally.figures(world.attempts);
};

/** @param {World} world @param {number} ended requests @returns {string[]} */
export const problemsOf = (world, ended) => [
  ...world.watch.violations,
  ...world.faults.map((fault) => `the strategy failed: ${String(fault)}`),
  ...(ended === world.started ? [] : [`of ${world.started} requests ${ended} ended`]),
  ...Object.entries(world.left)
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${what} is ${count} when all is over`),
];
