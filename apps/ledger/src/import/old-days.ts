// The other gateway's sums of days, into ours. Their providers have bare names, as those of plugins never are: so they
// have rows of their own, which become whatever the sums are there, and nothing is counted twice.
import type { DataSource } from 'typeorm';
import { hashSecret } from '../services/key-secret.js';
import { numbers, texts } from '../settlement/columns.js';
import { inTransaction } from '../storage/in-transaction.js';
import { isStorable } from '../storage/storable.js';
import type { Report } from './report.js';
import type { SourceQuery } from './source.js';
import type { SourceRow } from './source-row.js';

/** Whose sums a table has. */
export interface DaysOf {
  readonly table: string;
  readonly kind: '' | 'customer' | 'tag';
  readonly column: string;
}

/** Sums by team and organisation follow from the first: each key belongs to one. */
export const DAYS: readonly DaysOf[] = [
  { table: 'LiteLLM_DailyUserSpend', kind: '', column: 'user_id' },
  { table: 'LiteLLM_DailyEndUserSpend', kind: 'customer', column: 'end_user_id' },
  { table: 'LiteLLM_DailyTagSpend', kind: 'tag', column: 'tag' },
];

const COUNTS = {
  requests: 'api_requests',
  successes: 'successful_requests',
  failures: 'failed_requests',
  input_tokens: 'prompt_tokens',
  output_tokens: 'completion_tokens',
  cached_input_tokens: 'cache_read_input_tokens',
  cache_write_tokens: 'cache_creation_input_tokens',
} as const;
const counts = Object.keys(COUNTS) as (keyof typeof COUNTS)[];
const MOST_NAME = 256;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

const SUMMED_BY = [
  'kind',
  'day',
  'id',
  'key_hash',
  'user_id',
  'team_id',
  'organization_id',
  'model',
  'model_group',
  'provider',
  'operation',
] as const;
const OWNERS: readonly string[] = ['team_id', 'organization_id'];
const SUMS = [...counts, 'spend_nano'] as const;
const types = [...SUMMED_BY.map((column) => (column === 'day' ? 'date' : 'text')), ...SUMS.map(() => 'bigint')];
const columns = [...SUMMED_BY, ...SUMS].join(', ');

/** Whom a key belongs to may have changed since: the sums go with it. */
const FORGET_OTHER_OWNERS = `
  DELETE FROM turnpike.daily_spend d
   USING unnest(${types
     .slice(0, SUMMED_BY.length)
     .map((type, index) => `$${index + 1}::${type}[]`)
     .join(', ')})
      AS n(${SUMMED_BY.join(', ')})
   WHERE ${SUMMED_BY.filter((column) => !OWNERS.includes(column))
     .map((column) => `d.${column} = n.${column}`)
     .join(' AND ')}
     AND (d.team_id, d.organization_id) <> (n.team_id, n.organization_id)`;

const SET_DAYS = `
  INSERT INTO turnpike.daily_spend AS d (${columns})
  SELECT * FROM unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT (${SUMMED_BY.join(', ')}) DO UPDATE SET ${SUMS.map((sum) => `${sum} = excluded.${sum}`).join(', ')}
    WHERE (${SUMS.map((sum) => `d.${sum}`).join(', ')}) IS DISTINCT FROM (${SUMS.map((sum) => `excluded.${sum}`).join(', ')})
  RETURNING (xmax = 0) AS created`;

type Row = Record<(typeof SUMMED_BY)[number], string> & Record<(typeof SUMS)[number], number>;

/** There they are told apart by more than here, so that the sums are made there. */
export const daysQuery = ({ table, column }: DaysOf): SourceQuery => {
  const by = [column, 'date', 'api_key', 'model', 'model_group', 'custom_llm_provider'];
  const summed = (name: string): string => `sum(coalesce((r->>'${name}')::float8, 0))`;
  const parts = [
    ...by.map((name) => `'${name}', r->>'${name}'`),
    ...[...Object.values(COUNTS), 'spend'].map((name) => `'${name}', ${summed(name)}`),
  ];
  return {
    table,
    rows: (from) =>
      `SELECT jsonb_build_object(${parts.join(', ')}) AS r FROM (SELECT to_jsonb(t) AS r FROM ${from} t) j
       GROUP BY ${by.map((name) => `j.r->>'${name}'`).join(', ')} ORDER BY j.r->>'date'`,
  };
};

/** A hash, or the name that it has for its master key. Never a secret, whoever put one there. */
const keyOf = (text: string): string => (text.startsWith('sk-') ? hashSecret(text) : text);

/** Nothing is wrong: what was tried is taken back. */
class TakenBack extends Error {
  constructor(readonly rows: { created: boolean }[]) {
    super();
  }
}

export class OldDays {
  constructor(
    private readonly dataSource: DataSource,
    private readonly report: Report,
  ) {}

  async take(days: DaysOf, sources: readonly SourceRow[]): Promise<void> {
    const owners = await this.ownersOf(sources.map((source) => keyOf(source.text('api_key') ?? '')));
    const rows = new Map<string, Row>();
    for (const source of sources) {
      const row = this.read(days, source, owners);
      if (row) rows.set(SUMMED_BY.map((column) => row[column]).join('\0'), row);
    }
    const written = await this.write([...rows.values()]);
    const created = written.filter((row) => row.created).length;
    this.report.count('days', 'created', created);
    this.report.count('days', 'updated', written.length - created);
    this.report.count('days', 'kept', rows.size - written.length);
  }

  private read({ kind, column, table }: DaysOf, source: SourceRow, owners: Owners): Row | undefined {
    const day = source.text('date') ?? '';
    const name = (of: string): string => (source.text(of) ?? '').slice(0, MOST_NAME);
    const key = keyOf(name('api_key'));
    const owner = kind === '' ? owners.get(key) : undefined;
    const row = {
      kind,
      day,
      id: kind === '' ? '' : name(column),
      key_hash: key,
      user_id: kind === '' ? name(column) : '',
      team_id: owner?.teamId ?? '',
      organization_id: owner?.organizationId ?? '',
      model: name('model'),
      model_group: name('model_group'),
      provider: name('custom_llm_provider').replace(/^provider\./, '') || 'unknown',
      // Its sums do not tell.
      operation: '',
      spend_nano: source.spent('spend'),
      ...(Object.fromEntries(counts.map((sum) => [sum, source.count(COUNTS[sum]) ?? 0])) as Record<
        keyof typeof COUNTS,
        number
      >),
    };
    const isDay = DAY.test(day) && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
    if (isDay && isStorable(row)) return row;
    this.report.count('days', 'failed');
    this.report.problem(table, key, `date is no day: ${day.slice(0, 20)}: not taken over`);
    return undefined;
  }

  private async write(rows: readonly Row[]): Promise<{ created: boolean }[]> {
    if (rows.length === 0) return [];
    const ordered = [...rows].sort((some, other) => (sortKey(some) < sortKey(other) ? -1 : 1));
    const summedBy = SUMMED_BY.map((column) => texts(ordered.map((row) => row[column])));
    const sums = SUMS.map((column) => numbers(ordered.map((row) => row[column])));
    try {
      return await inTransaction(this.dataSource, async (manager) => {
        await manager.query(FORGET_OTHER_OWNERS, summedBy);
        const written = await manager.query<{ created: boolean }[]>(SET_DAYS, [...summedBy, ...sums]);
        if (this.report.isDryRun) throw new TakenBack(written);
        return written;
      });
    } catch (error) {
      if (error instanceof TakenBack) return error.rows;
      throw error;
    }
  }

  /** Whom keys belong to, as they are here now. */
  private async ownersOf(tokens: readonly string[]): Promise<Owners> {
    const rows = await this.dataSource.query<
      { token: string; team_id: string | null; organization_id: string | null }[]
    >(
      `SELECT k.token, k.team_id, coalesce(k.organization_id, t.organization_id) AS organization_id
         FROM turnpike.virtual_keys k LEFT JOIN turnpike.teams t USING (team_id) WHERE k.token = ANY($1::text[])`,
      [texts([...new Set(tokens)])],
    );
    return new Map(
      rows.map((row) => [row.token, { teamId: row.team_id ?? '', organizationId: row.organization_id ?? '' }]),
    );
  }
}

type Owners = ReadonlyMap<string, { teamId: string; organizationId: string }>;

const sortKey = (row: Row): string => SUMMED_BY.map((column) => row[column]).join('\0');
