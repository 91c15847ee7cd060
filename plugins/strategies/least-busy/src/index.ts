/** The one with the fewest calls under way. */
import { definePlugin, lowestOf, z } from '@turnpike/plugin-sdk';

export default definePlugin({
  contract: 'strategy/v1',
  id: 'strategy.least-busy',
  capabilities: ['select'],
  aliases: ['least-busy', 'least-busy-routing', 'least-connections'],
  config: z.strictObject({}),
  init: () => ({
    select: { select: (candidates, { random }) => lowestOf(candidates, ({ inFlight }) => inFlight, random) },
  }),
});
