/**
 * What one ledger settles and how fast it answers, on a PostgreSQL of its own. Forked; answers `{ perSecond, questions }` to
 * `{ directory, days, callsPerDay, questionRounds }`: entries a second, one figure a day, and milliseconds of each
 * question, one a round.
 */
import { rmSync } from 'node:fs';
import { BalanceBook } from '../apps/ledger/dist/settlement/balance-book.js';
import { Partitions } from '../apps/ledger/dist/settlement/partitions.js';
import { Settlement } from '../apps/ledger/dist/settlement/settlement.js';
import { openStorage } from '../apps/ledger/dist/storage/storage.js';
import { callsOf, DAY_MS, digest, TODAY, WORKERS } from './ledger.entries.mjs';
import { startPostgres } from './ledger.postgres.mjs';
import { askLedger } from './ledger.questions.mjs';

/** @typedef {{ directory: string, days: number, callsPerDay: number, questionRounds: number }} Order */
/** @typedef {import('@turnpike/telemetry').Logger} Logger */

/** @type {() => void} */
const silent = () => {};
/** @type {Logger} */
const log = /** @type {any} */ ({ debug: silent, info: silent, warn: silent, error: silent, child: () => log });

process.on('message', async (/** @type {Order} */ order) => {
  try {
    process.send?.(await measure(order));
  } catch (error) {
    process.send?.({ failure: /** @type {Error} */ (error).stack });
  }
});

/** @param {Order} order */
async function measure({ directory, days, callsPerDay, questionRounds }) {
  const postgres = await startPostgres(directory);
  try {
    return await measureOn(postgres.url, { directory, days, callsPerDay, questionRounds });
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true });
  }
}

/** @param {string} databaseUrl @param {Order} order */
async function measureOn(databaseUrl, { directory, days, callsPerDay, questionRounds }) {
  const storage = await openStorage({ databaseUrl, dataDir: directory, log });
  const { dataSource } = storage;
  const partitions = new Partitions(dataSource);
  const settlement = new Settlement({ dataSource, balances: new BalanceBook(), partitions });
  await partitions.ensure(
    Array.from({ length: days }, (_, day) => new Date(TODAY - day * DAY_MS).toISOString().slice(0, 10)),
  );
  /** @type {number[]} */
  const perSecond = [];
  for (let day = days - 1; day >= 0; day -= 1) perSecond.push(await settle(settlement, callsOf(day, callsPerDay)));
  // As autovacuum does within a minute.
  await dataSource.query('ANALYZE turnpike.spend_logs, turnpike.daily_spend, turnpike.balances');
  await storage.close();
  const questions = await askLedger({ databaseUrl, directory, days, lastDay: TODAY, rounds: questionRounds, log });
  return { perSecond, questions };
}

/** @param {Settlement} settlement @param {Uint8Array[][]} batches @returns {Promise<number>} entries a second */
async function settle(settlement, batches) {
  const count = batches.reduce((sum, { length }) => sum + length, 0);
  let accepted = 0;
  const begin = performance.now();
  const work = async () => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      const settled = await settlement.settle(batch);
      accepted += settled.accepted;
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  if (accepted !== count) throw new Error(`${accepted} of ${count} entries were accepted`);
  return count / ((performance.now() - begin) / 1_000);
}
