/** Writes calls to a table of a PostgreSQL database of its own. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { config } from './config.js';
import { Keeper } from './keeper.js';

const HOUR_MS = 3_600_000;

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.postgres',
  capabilities: ['events'],
  aliases: ['postgresql'],
  config,
  env: { POSTGRES_CALLBACK_URL: 'database_url' },
  legacyKeys: ['database_url', 'postgres_*'],
  fileOnly: ['database_url', 'table'],
  needs: ['sockets'],
  init({ database_url: url, table, retention_days: days, max_batch: maxBatch, flush_interval: seconds }, host) {
    if (url === undefined) {
      return {
        events: { onAlert: () => undefined },
        start: () => {
          host.log.info('no database of its own: calls are left to the ledger, and no second copy is written');
          return Promise.resolve();
        },
      };
    }
    const keeper = new Keeper({ url, table, host });
    const keep = keeper.keep.bind(keeper);
    return {
      events: { delivery: { maxBatch, intervalMs: seconds * 1_000 }, onSuccess: keep, onFailure: keep },
      start: () => {
        if (days !== undefined) host.timers.every(HOUR_MS, () => void keeper.forget(days));
        return Promise.resolve();
      },
      stop: () => keeper.close(),
    };
  },
});
