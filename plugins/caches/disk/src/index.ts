/** Answers kept in a folder: they survive a restart, and the workers of a machine share them. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { join } from 'node:path';
import { DiskStore } from './store.js';

const MIB = 1_048_576;

export default definePlugin({
  contract: 'cache/v1',
  id: 'cache.disk',
  capabilities: ['responses'],
  config: z.strictObject({
    disk_cache_dir: z
      .string()
      .min(1)
      .optional()
      .describe('Folder that the cache makes its own in. By default it is in the data directory'),
    max_size_mb: z
      .number()
      .min(1)
      .default(1_024)
      .describe('MiB that the answers may take on the disk. One answer takes an eighth of it at most'),
  }),
  init: ({ disk_cache_dir: folder, max_size_mb: maxMib }, host) => {
    const store = new DiskStore({
      folder: () => join(folder ?? host.dataDir(), 'answers'),
      maxBytes: Math.floor(maxMib * MIB),
      host,
    });
    return {
      responses: store,
      start: () => store.start(),
      stop: () => store.stop(),
      health: () => store.health(),
    };
  },
});
