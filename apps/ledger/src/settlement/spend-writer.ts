// The statements that write settled calls: each one statement for all of them.
import type { CallEntry } from '@turnpike/domain';
import type { EntityManager } from 'typeorm';
import { groupOf, type DailyRow } from './charges.js';
import { documents, flags, numbers, texts } from './columns.js';
import { dayOfId } from './read-entry.js';

type Deal = (entries: readonly CallEntry[]) => string;

/** Of text, a number, a flag. */
const text =
  (read: (entry: CallEntry) => string | undefined): Deal =>
  (entries) =>
    texts(entries.map(read));
const number =
  (read: (entry: CallEntry) => number | undefined): Deal =>
  (entries) =>
    numbers(entries.map(read));
const flag =
  (read: (entry: CallEntry) => boolean | undefined): Deal =>
  (entries) =>
    flags(entries.map((entry) => read(entry) ?? false));

/** The column, the type of its array, and how a row's value is made of an element `{}`. */
const COLUMNS: readonly [column: string, type: string, deal: Deal, value?: string][] = [
  ['day', 'date', text(({ id }) => dayOfId(id))],
  ['id', 'uuid', text(({ id }) => id)],
  ['started_at', 'float8', number(({ startedAt }) => startedAt), 'to_timestamp({} / 1000)'],
  ['ended_at', 'float8', number(({ endedAt }) => endedAt), 'to_timestamp({} / 1000)'],
  ['cost_nano', 'bigint', number(({ cost }) => cost)],
  ['input_tokens', 'integer', number(({ usage }) => usage?.inputTokens ?? 0)],
  ['output_tokens', 'integer', number(({ usage }) => usage?.outputTokens ?? 0)],
  ['total_tokens', 'integer', number(({ usage }) => usage?.totalTokens ?? 0)],
  ['cached_input_tokens', 'integer', number(({ usage }) => usage?.cachedInputTokens ?? 0)],
  ['cache_write_tokens', 'integer', number(({ usage }) => usage?.cacheWriteTokens ?? 0)],
  ['status_code', 'integer', number(({ statusCode }) => statusCode)],
  ['is_cost_unknown', 'boolean', flag(({ costUnknown }) => costUnknown)],
  ['is_stream', 'boolean', flag(({ stream }) => stream)],
  ['status', 'text', text(({ status }) => status)],
  ['cache', 'text', text(({ cache }) => cache)],
  ['operation', 'text', text(({ operation }) => operation)],
  ['call_id', 'text', text(({ callId }) => callId)],
  ['key_hash', 'text', text(({ key }) => key)],
  ['key_alias', 'text', text(({ alias }) => alias)],
  ['user_id', 'text', text(({ user }) => user)],
  ['team_id', 'text', text(({ team }) => team)],
  ['organization_id', 'text', text(({ organization }) => organization)],
  ['customer_id', 'text', text(({ customer }) => customer)],
  ['session_id', 'text', text(({ sessionId }) => sessionId)],
  ['requested_model', 'text', text(({ model }) => model)],
  ['model', 'text', text(({ attempts }) => attempts.at(-1)?.model || undefined)],
  ['model_group', 'text', text(groupOf)],
  ['provider', 'text', text(({ attempts }) => attempts.at(-1)?.provider || undefined)],
  ['deployment_id', 'text', text(({ attempts }) => attempts.at(-1)?.deployment || undefined)],
  ['error_code', 'text', text(({ error }) => error?.code || undefined)],
  ['ip', 'text', text(({ ip }) => ip)],
  // Arrays of different lengths have no array; each is passed as its text.
  ['tags', 'text', text(({ tags }) => (tags?.length ? texts([...new Set(tags)]) : '{}')), '{}::text[]'],
];

/** What is read only when one call is looked at. */
const detailOf = (entry: CallEntry): object => {
  const { usage, usageSource, attempts, error, metadata, holder, accounts, request, response } = entry;
  return { usage, usageSource, attempts, error, metadata, holder, accounts, request, response };
};

const names = COLUMNS.map(([column]) => column);
const INSERT_LOGS = `
  INSERT INTO turnpike.spend_logs (${names.join(', ')}, detail)
  SELECT ${COLUMNS.map(([column, , , value]) => (value ?? '{}').replace('{}', `e.${column}`)).join(', ')}, e.detail::jsonb
    FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')},
                string_to_array($${COLUMNS.length + 1}, E'\\n')) AS e(${names.join(', ')}, detail)
  ON CONFLICT DO NOTHING
  RETURNING id`;

/** @returns the ids that were not there before */
export const insertLogs = async (manager: EntityManager, entries: readonly CallEntry[]): Promise<Set<string>> => {
  const rows = await manager.query<{ id: string }[]>(INSERT_LOGS, [
    ...COLUMNS.map(([, , deal]) => deal(entries)),
    documents(entries.map(detailOf)),
  ]);
  return new Set(rows.map(({ id }) => id));
};

const COUNTS = {
  requests: 'requests',
  successes: 'successes',
  failures: 'failures',
  input_tokens: 'inputTokens',
  output_tokens: 'outputTokens',
  cached_input_tokens: 'cachedInputTokens',
  cache_write_tokens: 'cacheWriteTokens',
  cache_hits: 'cacheHits',
  cache_hit_output_tokens: 'cacheHitOutputTokens',
  spend_nano: 'spend',
} as const satisfies Record<string, keyof DailyRow>;
const counted = Object.keys(COUNTS);
const SUMMED_BY = {
  kind: 'kind',
  day: 'day',
  id: 'id',
  key_hash: 'key',
  user_id: 'user',
  team_id: 'team',
  organization_id: 'organization',
  model: 'model',
  model_group: 'group',
  provider: 'provider',
  operation: 'operation',
} as const satisfies Record<string, keyof DailyRow>;
const summedBy = Object.keys(SUMMED_BY);
const dailyColumns = [...summedBy, ...counted].join(', ');
const dailyTypes = [...summedBy.map((column) => (column === 'day' ? 'date' : 'text')), ...counted.map(() => 'bigint')];

const ADD_DAILY = `
  INSERT INTO turnpike.daily_spend (${dailyColumns})
  SELECT * FROM unnest(${dailyTypes.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT (${summedBy.join(', ')}) DO UPDATE
     SET ${counted.map((column) => `${column} = daily_spend.${column} + excluded.${column}`).join(', ')}`;

/** @param rows sorted, so that two who add to the same ones wait in one direction only */
export const addDaily = async (manager: EntityManager, rows: readonly DailyRow[]): Promise<void> => {
  await manager.query(ADD_DAILY, [
    ...Object.values(SUMMED_BY).map((name) => texts(rows.map((row) => row[name]))),
    ...Object.values(COUNTS).map((name) => numbers(rows.map((row) => row[name]))),
  ]);
};

/** What was paid from leases is not outstanding any more. The accounts' balances must be locked. */
export const reduceLeases = async (
  manager: EntityManager,
  paid: readonly { account: string; holder: string; cost: number }[],
): Promise<void> => {
  await manager.query(
    `UPDATE turnpike.leases l SET outstanding_nano = greatest(0, l.outstanding_nano - p.cost)
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS p(account, holder, cost)
      WHERE l.account = p.account COLLATE "C" AND l.holder = p.holder COLLATE "C"`,
    [
      texts(paid.map(({ account }) => account)),
      texts(paid.map(({ holder }) => holder)),
      numbers(paid.map(({ cost }) => cost)),
    ],
  );
};

/** At most so much of one is kept. */
const REFUSED_CHARACTERS = 8_192;

export interface RefusedEntry {
  readonly bytes: Uint8Array;
  readonly reason: string;
  /** SHA-256 of all the bytes, hex: one that is sent again is kept once. */
  readonly digest: string;
}

export const insertRefused = async (manager: EntityManager, refused: readonly RefusedEntry[]): Promise<void> => {
  const storable = (value: string): string => value.replaceAll('\0', '').toWellFormed();
  await manager.query(
    `INSERT INTO turnpike.refused_entries (digest, reason, entry)
     SELECT decode(r.digest, 'hex'), r.reason, r.entry FROM unnest($1::text[], $2::text[], $3::text[])
         AS r(digest, reason, entry) ORDER BY r.digest
     ON CONFLICT DO NOTHING`,
    [
      texts(refused.map(({ digest }) => digest)),
      texts(refused.map(({ reason }) => storable(reason.slice(0, 1_024)))),
      texts(refused.map(({ bytes }) => storable(new TextDecoder().decode(bytes.subarray(0, REFUSED_CHARACTERS))))),
    ],
  );
};
