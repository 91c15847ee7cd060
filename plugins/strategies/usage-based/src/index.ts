/**
 * The one with the fewest tokens this minute, among those whose limits leave room for the call. The figure counts as it
 * is, not as a share of the deployment's own limit: that is what the name means to those who bring it from LiteLLM.
 */
import { definePlugin, hasRoom, lowestOf, z } from '@turnpike/plugin-sdk';

export default definePlugin({
  contract: 'strategy/v1',
  id: 'strategy.usage-based',
  capabilities: ['select'],
  // LiteLLM's v2 differs from its v1 in how usage is counted, which is not the strategy's business here.
  aliases: ['usage-based', 'usage-based-routing', 'usage-based-v2', 'usage-based-routing-v2', 'usage'],
  config: z.strictObject({}),
  init: () => ({
    select: {
      select: (candidates, { promptTokens, random }) =>
        lowestOf(
          candidates,
          (candidate) => (hasRoom(candidate, promptTokens) ? candidate.tokensThisMinute : undefined),
          random,
        ),
    },
  }),
});
