/**
 * What one ledger settles and how fast it answers, on a PostgreSQL of its own. Forked; answers `{ perSecond, questions }` to
 * `{ directory, days, callsPerDay, questionRounds }`: entries a second, one figure a day, and milliseconds of each
 * question, one a round.
 */
import { rmSync } from 'node:fs';
import { BalanceBook } from '../apps/ledger/dist/settlement/balance-book.js';
import { Partitions } from '../apps/ledger/dist/settlement/partitions.js';
import { Settlement } from '../apps/ledger/dist/settlement/settlement.js';
import { DailySpend } from '../apps/ledger/dist/spend/daily-spend.js';
import { SpendLogs } from '../apps/ledger/dist/spend/spend-logs.js';
import { openStorage } from '../apps/ledger/dist/storage/storage.js';
import { callsOf, DAY_MS, digest, TODAY, WORKERS } from './ledger.entries.mjs';
import { startPostgres } from './ledger.postgres.mjs';

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
  await dataSource.query('ANALYZE turnpike.spend_logs, turnpike.daily_spend');
  const asked = await ask(new SpendLogs(dataSource), new DailySpend(dataSource), days, questionRounds);
  await storage.close();
  return { perSecond, questions: asked };
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

/**
 * @param {SpendLogs} logs
 * @param {DailySpend} daily
 * @param {number} days
 * @param {number} rounds
 * @returns {Promise<Record<string, number[]>>} milliseconds
 */
async function ask(logs, daily, days, rounds) {
  const from = TODAY - (days - 1) * DAY_MS;
  const period = { from: new Date(from).toISOString().slice(0, 10), to: new Date(TODAY).toISOString().slice(0, 10) };
  const size = 50;
  const key = digest(7, 'a');
  const { logs: newest } = await logs.list({}, { size: 1 });
  const middle = (await logs.list({ to: TODAY - (days >> 1) * DAY_MS + DAY_MS }, { size: 1 })).logs[0]?.id;
  /** @type {Record<string, () => Promise<unknown>>} */
  const asked = {
    'logs: the latest page': () => logs.list({}, { size }),
    'logs: a page in the middle': () => logs.list({}, { size, after: middle }),
    'logs: page 200, by its number': () => logs.list({}, { size, skip: 200 * size }),
    'logs: of a key': () => logs.list({ keys: [key] }, { size }),
    'logs: of a key, a page in the middle': () => logs.list({ keys: [key] }, { size, after: middle }),
    'logs: of a key that made no call': () => logs.list({ keys: ['none'] }, { size }),
    'logs: of a user': () => logs.list({ users: ['user-7'] }, { size }),
    'logs: of a team': () => logs.list({ teams: ['team-7'] }, { size }),
    'logs: of a customer': () => logs.list({ customers: ['customer-10'] }, { size }),
    'logs: of a model': () => logs.list({ model: 'model-3' }, { size }),
    'logs: of a model that nobody asked for': () => logs.list({ model: 'none' }, { size }),
    'logs: failures': () => logs.list({ status: 'failure' }, { size }),
    'logs: of a session': () => logs.list({ sessionId: 'session-20' }, { size }),
    'logs: of an hour': () => logs.list({ from: TODAY, to: TODAY + DAY_MS / 24 }, { size }),
    'logs: how many of a key': () => logs.count({ keys: [key] }),
    'logs: how many': () => logs.count({}),
    'one log, by its id': () => logs.get(newest[0]?.id ?? ''),
    'one log, by the call’s id': () => logs.get(newest[0]?.callId ?? ''),
    'spend: in all': () => daily.total(period),
    'spend: per day': () => daily.sums(['day'], period),
    'spend: by key': () => daily.sums(['key'], period),
    'spend: by user': () => daily.sums(['user'], period),
    'spend: by team and day': () => daily.sums(['team', 'day'], period),
    'spend: by model': () => daily.sums(['model'], period),
    'spend: by provider': () => daily.sums(['provider'], period),
    'spend: by tag': () => daily.sums(['tag'], period),
    'spend: by customer': () => daily.sums(['customer'], period),
    'spend: of a key, per day': () => daily.sums(['day'], { ...period, keys: [key] }),
    'activity: of a user': () => daily.activity('user', { ...period, users: ['user-7'] }),
    'activity: of a tag': () => daily.activity('tag', { ...period, tags: ['production'] }),
    'activity: of all teams': () => daily.activity('team', period),
  };
  /** @type {Record<string, number[]>} */
  const millis = {};
  for (let round = 0; round <= rounds; round += 1) {
    for (const [question, answer] of Object.entries(asked)) {
      const begin = performance.now();
      await answer();
      if (round > 0) (millis[question] ??= []).push(performance.now() - begin);
    }
  }
  return millis;
}
