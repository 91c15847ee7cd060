/** The cheapest, among those whose limits leave room for the call. */
import { definePlugin, hasRoom, lowestOf, z, type Candidate } from '@turnpike/plugin-sdk';

/** Where no price is known it may be any: such a deployment is for when nothing else has room. */
const priceOf = ({ priceNanoUsd }: Candidate): number => priceNanoUsd ?? Number.POSITIVE_INFINITY;

export default definePlugin({
  contract: 'strategy/v1',
  id: 'strategy.cost-based',
  capabilities: ['select'],
  aliases: ['cost-based', 'cost-based-routing', 'cost', 'lowest-cost'],
  config: z.strictObject({}),
  init: () => ({
    select: {
      select: (candidates, { promptTokens, random }) =>
        lowestOf(
          candidates,
          (candidate) => (hasRoom(candidate, promptTokens) ? priceOf(candidate) : undefined),
          random,
        ),
    },
  }),
});
