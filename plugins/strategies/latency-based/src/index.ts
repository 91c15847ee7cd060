/** The deployment that answered quickest of late. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { createSelect } from './select.js';

/** So many calls of a deployment are remembered. */
const MOST_SAMPLES = 50;

export default definePlugin({
  contract: 'strategy/v1',
  id: 'strategy.latency-based',
  capabilities: ['select'],
  aliases: ['latency-based', 'latency-based-routing', 'latency', 'lowest-latency'],
  config: z.strictObject({
    ttl: z.number().positive().default(3_600).describe('Seconds for which a call counts'),
    max_latency_list_size: z
      .int()
      .min(1)
      .max(MOST_SAMPLES)
      .default(10)
      .describe('Calls of a deployment that make up its average, the newest; it remembers 50'),
    lowest_latency_buffer: z
      .number()
      .min(0)
      .default(0)
      .describe('Share above the lowest average that counts as equally quick: 0.5 is up to half as slow again'),
  }),
  init: (settings) => ({
    select: {
      select: createSelect({
        maxAgeMs: settings.ttl * 1_000,
        maxSamples: settings.max_latency_list_size,
        buffer: settings.lowest_latency_buffer,
      }),
    },
  }),
});
