/** Weighted random choice: by `weight`, else by `rpm`, else by `tpm`, else evenly. */
import { definePlugin, z, type Candidate, type Deployment } from '@turnpike/plugin-sdk';

type Measure = (deployment: Deployment) => number;

/** What is not stated weighs nothing. */
const positive = (stated: number | undefined): number => (stated !== undefined && stated > 0 ? stated : 0);

const byWeight: Measure = ({ weight }) => positive(weight);
const byRpm: Measure = ({ rpm }) => positive(rpm);
const byTpm: Measure = ({ tpm }) => positive(tpm);

/** @param point on the line that the weights make, laid end to end; the candidate it falls on is drawn */
const draw = (candidates: readonly Candidate[], measure: Measure, point: number): number => {
  let left = point;
  let last = -1;
  for (let index = 0; index < candidates.length; index += 1) {
    const weight = measure(candidates[index]!.deployment);
    if (weight === 0) continue;
    left -= weight;
    if (left < 0) return index;
    last = index;
  }
  // Rounding may leave a remainder behind the last one.
  return last;
};

const select = (candidates: readonly Candidate[], random: () => number): number => {
  let weights = 0;
  let requests = 0;
  let tokens = 0;
  for (const { deployment } of candidates) {
    weights += byWeight(deployment);
    requests += byRpm(deployment);
    tokens += byTpm(deployment);
  }
  if (weights > 0) return draw(candidates, byWeight, random() * weights);
  if (requests > 0) return draw(candidates, byRpm, random() * requests);
  if (tokens > 0) return draw(candidates, byTpm, random() * tokens);
  return Math.floor(random() * candidates.length);
};

export default definePlugin({
  contract: 'strategy/v1',
  id: 'strategy.simple-shuffle',
  capabilities: ['select'],
  aliases: ['simple-shuffle', 'shuffle', 'random'],
  config: z.strictObject({}),
  init: () => ({
    select: { select: (candidates, context) => (candidates.length === 0 ? -1 : select(candidates, context.random)) },
  }),
});
