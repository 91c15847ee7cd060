/** What is asked of a ledger about what was spent, over its gRPC services as gateways ask it. */
import { join } from 'node:path';
import { connectLedger, SpendDimension } from '@turnpike/rpc';
import { openLedger } from '../apps/ledger/dist/ledger.js';

/** @typedef {import('@turnpike/rpc').LedgerClient} LedgerClient */
/** @typedef {import('@turnpike/telemetry').Logger} Logger */
/**
 * @typedef {object} Asked
 * @property {string} databaseUrl with calls in it
 * @property {string} directory
 * @property {number} days that the calls lie on
 * @property {number} lastDay its beginning, epoch milliseconds; calls were made up to its noon
 * @property {number} rounds
 * @property {Logger} log
 */

const DAY_MS = 86_400_000;
const TOKEN = 'gateway-token-of-the-benchmark';
const MASTER_KEY = 'sk-master-of-the-benchmark';
const SIZE = 50;

/** @param {Asked} asked @returns {Promise<Record<string, number[]>>} milliseconds of each question, one a round */
export async function askLedger({ databaseUrl, directory, days, lastDay, rounds, log }) {
  const address = `unix:${join(directory, 'bench.sock')}`;
  const ledger = await openLedger(optionsOf(databaseUrl, directory, address), log);
  const admin = connectLedger({ address, token: MASTER_KEY });
  const gateway = connectLedger({ address, token: TOKEN });
  try {
    const questions = await questionsOf(admin, gateway, days, lastDay);
    /** @type {Record<string, number[]>} */
    const millis = {};
    for (let round = 0; round <= rounds; round += 1) {
      for (const [question, answer] of Object.entries(questions)) {
        const begin = performance.now();
        await answer();
        if (round > 0) (millis[question] ??= []).push(performance.now() - begin);
      }
    }
    return millis;
  } finally {
    admin.close();
    gateway.close();
    await ledger.close();
  }
}

/**
 * @param {string} databaseUrl @param {string} dataDir @param {string} address
 * @returns {import('../apps/ledger/dist/start-options.js').LedgerOptions}
 */
const optionsOf = (databaseUrl, dataDir, address) => ({
  addresses: [address],
  optionalAddress: undefined,
  tls: undefined,
  grpcInsecure: false,
  databaseUrl,
  dataDir,
  poolSize: 10,
  masterKey: MASTER_KEY,
  saltKey: 'salt',
  gatewayToken: TOKEN,
  timeZone: 'UTC',
  apiEnvNames: [],
  rotationGrace: undefined,
  keySettings: {},
  budget: /** @type {any} */ ({}),
  logging: /** @type {any} */ ({}),
  kept: /** @type {any} */ ({ general: {}, litellm: {} }),
});

/** @param {number} at */
const dayAt = (at) => new Date(at).toISOString().slice(0, 10);

/**
 * @param {LedgerClient} admin @param {LedgerClient} gateway @param {number} days @param {number} lastDay
 * @returns {Promise<Record<string, () => Promise<unknown>>>}
 */
async function questionsOf(admin, gateway, days, lastDay) {
  const period = { startDate: dayAt(lastDay - (days - 1) * DAY_MS), endDate: dayAt(lastDay) };
  const { spend } = admin;
  const ofUser = await callerOf(admin, { userId: 'user-7', userRole: 'internal_user' });
  const ofTeam = await callerOf(admin, { userId: 'lead', userRole: 'internal_user' });
  await admin.teams.createTeam({ team: { teamId: 'team-7', members: [{ userId: 'lead', role: 'admin' }] } });

  const [newest] = (await spend.listSpendLogs({ size: 1, includeDetails: true })).logs;
  const key = newest?.keyHash ?? '';
  const middleOf = new Date(lastDay - (days >> 1) * DAY_MS + DAY_MS);
  const middle = (await spend.listSpendLogs({ size: 1, filter: { endTime: middleOf } })).nextCursor;
  /** @typedef {NonNullable<Parameters<typeof spend.listSpendLogs>[0]>} ListRequest */
  /** @param {ListRequest['filter']} [filter] @param {ListRequest} [more] */
  const list = (filter, more) => () => spend.listSpendLogs({ filter, size: SIZE, includeDetails: true, ...more });
  /** @param {ListRequest['filter']} [filter] */
  const counted = (filter) => list(filter, { includeTotal: true });
  /** @param {SpendDimension} dimension @param {object} [more] */
  const by = (dimension, more) => () => spend.getSpendBy({ dimension, ...period, ...more });
  /** @param {SpendDimension} entity @param {object} [more] */
  const activity = (entity, more) => () => spend.getDailyActivity({ entity, ...period, aggregated: true, ...more });
  /** @param {SpendDimension[]} dimensions */
  const report =
    (...dimensions) =>
    () =>
      spend.reportSpend({ by: dimensions, ...period });
  const { KEY, USER, TEAM, CUSTOMER, TAG, MODEL, MODEL_GROUP, PROVIDER, DAY, OPERATION } = SpendDimension;
  return {
    'logs: the latest page': list(),
    'logs: the latest page, counted': counted(),
    'logs: a page in the middle': list(undefined, { cursor: middle }),
    'logs: page 200, by its number': list(undefined, { page: 200 }),
    'logs: of a key': list({ key }),
    'logs: of a key, a page in the middle': list({ key }, { cursor: middle }),
    'logs: of a key, counted': counted({ key }),
    'logs: of a key that made no call': counted({ key: '0'.repeat(64) }),
    'logs: of the key of an alias': counted({ keyAlias: 'key of lead' }),
    'logs: of a user': counted({ userId: 'user-7' }),
    'logs: of a team': counted({ teamId: 'team-7' }),
    'logs: of a customer': counted({ customerId: 'customer-10' }),
    'logs: of a tag': counted({ tag: 'experiment' }),
    'logs: of a tag that nobody used': counted({ tag: 'none' }),
    'logs: of a model': counted({ model: 'model-3' }),
    'logs: of a model that nobody asked for': counted({ model: 'none' }),
    'logs: of a model group': counted({ modelGroup: 'group-3' }),
    'logs: of a provider': counted({ provider: 'provider.a' }),
    'logs: of a deployment': counted({ modelId: newest?.modelId ?? '' }),
    'logs: of a deployment that made no call': counted({ modelId: 'none' }),
    'logs: failures': counted({ status: 'failure' }),
    'logs: of an error': counted({ errorCode: 'GW_UPSTREAM_UNAVAILABLE' }),
    'logs: of a part of an error': counted({ errorMessage: 'did not answer' }),
    'logs: of a part of no error': counted({ errorMessage: 'none' }),
    'logs: of a session': counted({ sessionId: 'session-20' }),
    'logs: of an hour': counted({ startTime: new Date(lastDay), endTime: new Date(lastDay + DAY_MS / 24) }),
    'logs: of a price': counted({ minCostNanoUsd: 249_900 }),
    'logs: of a price that nothing had': counted({ minCostNanoUsd: 10_000_000 }),
    'logs: the most expensive': list(undefined, { sortBy: 'cost' }),
    'logs: the cheapest': list(undefined, { sortBy: 'cost', ascending: true }),
    'logs: the longest': list(undefined, { sortBy: 'total_tokens' }),
    'logs: to a user': () => gateway.spend.listSpendLogs({ size: SIZE, includeTotal: true }, ofUser),
    'logs: to the admin of a team': () => gateway.spend.listSpendLogs({ size: SIZE, includeTotal: true }, ofTeam),
    'one log, by its id': () => spend.getSpendLog({ id: newest?.id ?? '' }),
    'one log, by the call’s id': () => spend.getSpendLog({ id: newest?.callId ?? '' }),
    'spend: of the installation, with its days': () => spend.getGlobalSpend({ days }),
    'spend: per day, by user and model': () => spend.summarizeSpend(period),
    'spend: of a key, per day': () => spend.summarizeSpend({ ...period, key }),
    'spend: by key': by(KEY),
    'spend: by user': by(USER),
    'spend: by team': by(TEAM),
    'spend: by customer': by(CUSTOMER),
    'spend: by tag': by(TAG),
    'spend: by tag, of a team': by(TAG, { teamId: 'team-7' }),
    'spend: by model': by(MODEL),
    'spend: by provider': by(PROVIDER),
    'balances: by key': () => spend.getSpendBy({ dimension: KEY }),
    'balances: by customer': () => spend.getSpendBy({ dimension: CUSTOMER }),
    'activity: of a user': activity(USER, { entityIds: ['user-7'] }),
    'activity: of all users': activity(USER),
    'activity: of all teams': activity(TEAM),
    'activity: of a tag': activity(TAG, { entityIds: ['production'] }),
    'activity: of all customers': activity(CUSTOMER),
    'activity: to a user': () => gateway.spend.getDailyActivity({ ...period, aggregated: true }, ofUser),
    'report: by day, team, model and key': report(DAY, TEAM, MODEL, KEY),
    'report: by key, operation and model group': report(KEY, OPERATION, MODEL_GROUP),
    'names: of tags': () => spend.listDistinct({ dimension: TAG }),
    'names: of customers': () => spend.listDistinct({ dimension: CUSTOMER }),
    'tags: their users, week by week': () => spend.countActiveUsers({ ...period, days: 7 }),
    'tags: all, also those that were only used': () => admin.tags.listTags({ includeUsed: true }),
    'errors: by day and deployment': () => spend.countErrors({ ...period, modelGroup: 'group-0' }),
  };
}

/**
 * Somebody who asks through a gateway.
 * @param {LedgerClient} admin @param {{ userId: string, userRole: string }} user
 */
async function callerOf(admin, user) {
  const { key } = await admin.users.createUser({
    user,
    key: { key: { keyAlias: `key of ${user.userId}` } },
  });
  return { metadata: { 'x-turnpike-caller': key?.token ?? '' } };
}
