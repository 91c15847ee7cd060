/** Weighted random choice: by `weight`, else by `rpm`, else by `tpm`, else evenly. */
import { definePlugin, z, type Candidate, type Deployment } from '@turnpike/plugin-sdk';

/** The first of these that any candidate states decides; a candidate that does not state it weighs nothing. */
const MEASURES: readonly ((deployment: Deployment) => number | undefined)[] = [
  (deployment) => deployment.weight,
  (deployment) => deployment.rpm,
  (deployment) => deployment.tpm,
];

const weightsOf = (candidates: readonly Candidate[]): number[] | undefined => {
  for (const measure of MEASURES) {
    const weights = candidates.map(({ deployment }) => Math.max(0, measure(deployment) ?? 0));
    if (weights.some((weight) => weight > 0)) return weights;
  }
  return undefined;
};

const select = (candidates: readonly Candidate[], random: () => number): number => {
  const weights = weightsOf(candidates);
  if (!weights) return Math.min(candidates.length - 1, Math.floor(random() * candidates.length));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.findLastIndex((weight) => weight > 0);
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
