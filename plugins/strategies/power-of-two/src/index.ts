/** Of two drawn at random the one that is less loaded: by speed of late, calls under way, and failures. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { createSelect } from './select.js';

export default definePlugin({
  contract: 'strategy/v1',
  id: 'strategy.power-of-two',
  capabilities: ['select'],
  aliases: ['power-of-two', 'power-of-two-choices', 'p2c', 'peak-ewma'],
  config: z.strictObject({
    decay: z
      .number()
      .positive()
      .default(10)
      .describe('Seconds in which about two thirds of a slow call, or of a failure, are forgotten'),
  }),
  init: ({ decay }) => ({ select: { select: createSelect(decay * 1_000) } }),
});
