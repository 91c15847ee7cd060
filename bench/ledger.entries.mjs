/** Finished calls as gateways ship them, made ahead: about 900 bytes each, of some keys, users and teams. */
import { entryIds } from '@turnpike/journal';

export const DAY_MS = 86_400_000;
/** The last day; calls are made up to its noon. */
export const TODAY = Date.UTC(2026, 10, 21);
/** As the journal ships them, from so many workers at once. */
const BATCH = 500;
export const WORKERS = 8;
const SHAPE = { keys: 200, users: 100, teams: 20, customers: 500, groups: 4 };
const USAGE = { inputTokens: 812, outputTokens: 133, totalTokens: 945, cachedInputTokens: 512 };

/** @param {number} number @param {string} letter */
export const digest = (number, letter) => letter + number.toString(16).padStart(63, '0');

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

/** @param {number} day @param {number} count @returns {Buffer[][]} in batches */
export const callsOf = (day, count) => {
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
