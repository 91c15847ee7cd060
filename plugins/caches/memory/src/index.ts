/** Answers kept in the memory of the process. Each worker has its own. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { createStore } from './store.js';

const MIB = 1_048_576;

export default definePlugin({
  contract: 'cache/v1',
  id: 'cache.memory',
  capabilities: ['responses'],
  aliases: ['local', 'memory', 'in-memory'],
  config: z.strictObject({
    max_size_mb: z
      .number()
      .min(1)
      .default(64)
      .describe('MiB that the answers of one worker may take. One answer takes an eighth of it at most'),
  }),
  init: ({ max_size_mb: maxMib }, { clock, metrics }) => {
    const responses = createStore({ maxBytes: Math.floor(maxMib * MIB), clock, metrics });
    return { responses, stop: () => responses.flush() };
  },
});
