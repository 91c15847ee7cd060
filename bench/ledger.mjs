/**
 * What one ledger settles and how fast it answers, on a PostgreSQL of its own. Forked; answers `{ perSecond, questions }` to
 * `{ directory, days, callsPerDay, questionRounds }`: entries a second, one figure a day, and milliseconds of each
 * question, one a round.
 */
import { rmSync } from 'node:fs';
import { entryIds } from '@turnpike/journal';
import { BalanceBook } from '../apps/ledger/dist/settlement/balance-book.js';
import { Partitions } from '../apps/ledger/dist/settlement/partitions.js';
import { Settlement } from '../apps/ledger/dist/settlement/settlement.js';
import { openStorage } from '../apps/ledger/dist/storage/storage.js';
import { startPostgres } from './ledger.postgres.mjs';
import { askLedger } from './ledger.questions.mjs';

/** @typedef {{ directory: string, days: number, callsPerDay: number, questionRounds: number }} Order */
/** @typedef {import('@turnpike/telemetry').Logger} Logger */

const DAY_MS = 86_400_000;
/** The last day; calls are made up to its noon. */
const TODAY = Date.UTC(2026, 10, 21);
/** As the journal ships them, from so many workers at once. */
const BATCH = 500;
const WORKERS = 8;
const SHAPE = { keys: 200, users: 100, teams: 20, customers: 500, groups: 4 };
const USAGE = { inputTokens: 812, outputTokens: 133, totalTokens: 945, cachedInputTokens: 512 };

/** @param {number} number @param {string} letter */
const digest = (number, letter) => letter + number.toString(16).padStart(63, '0');

/** About 900 bytes, as an entry is. @param {string} id @param {number} endedAt @param {number} at */
const entryOf = (id, endedAt, at) => {
  const key = (at * 7_919) % SHAPE.keys;
  const group = `group-${at % SHAPE.groups}`;
  const cost = 150_000 + (at % 1_000) * 100;
  const isFailure = at % 50 === 0;
  return {
    v: 1,
    id,
    callId: `chatcmpl-${id}`,
    startedAt: endedAt - 1_300,
    endedAt,
    holder: `gateway/worker-${at % WORKERS}`,
    key: digest(key, 'a'),
    alias: `key ${key}`,
    user: `user-${key % SHAPE.users}`,
    team: `team-${key % SHAPE.teams}`,
    ...(at % 10 === 0 && { customer: `customer-${at % SHAPE.customers}` }),
    tags: [at % 3 ? 'production' : 'experiment'],
    model: group,
    group,
    operation: at % 5 ? 'chat' : 'embeddings',
    stream: at % 2 === 0,
    status: isFailure ? 'failure' : 'success',
    statusCode: isFailure ? 503 : 200,
    cache: 'off',
    cost,
    usage: USAGE,
    usageSource: 'upstream',
    ...(at % 20 === 0 && { sessionId: `session-${at % 5_000}` }),
    ...(isFailure && { error: { code: 'GW_UPSTREAM_UNAVAILABLE', message: 'The upstream did not answer.' } }),
    attempts: [
      {
        deployment: digest(at % SHAPE.groups, 'd'),
        provider: 'provider.a',
        model: `model-${at % SHAPE.groups}`,
        group,
        status: isFailure ? 'failure' : 'success',
        startedMs: 0.4,
        durationMs: 1_290.2,
        firstTokenMs: 31.7,
        cost,
        usage: USAGE,
        usageSource: 'upstream',
      },
    ],
  };
};

/** @param {number} day @param {number} count @returns {Uint8Array[][]} in batches */
const callsOf = (day, count) => {
  const start = TODAY - day * DAY_MS;
  const stepMs = DAY_MS / 2 / count;
  let time = start;
  const nextId = entryIds({ now: () => time });
  return Array.from({ length: Math.ceil(count / BATCH) }, (_, batch) =>
    Array.from({ length: Math.min(BATCH, count - batch * BATCH) }, (_, index) => {
      time = start + Math.floor((batch * BATCH + index) * stepMs);
      return Buffer.from(JSON.stringify(entryOf(nextId(), time, batch * BATCH + index)));
    }),
  );
};

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
