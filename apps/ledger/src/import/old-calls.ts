// The other gateway's spend log, into ours. The calls charge nobody: balances and days are taken over as they stood there.
import type { CallEntry } from '@turnpike/domain';
import type { DataSource } from 'typeorm';
import { texts } from '../settlement/columns.js';
import type { Partitions } from '../settlement/partitions.js';
import { dayOfId } from '../settlement/read-entry.js';
import { insertLogs } from '../settlement/spend-writer.js';
import { inTransaction } from '../storage/in-transaction.js';
import { CALL_COLUMNS, entryOf } from './old-call.js';
import type { Report } from './report.js';
import type { SourceQuery } from './source.js';
import { UnfitRow, type SourceRow } from './source-row.js';

const TABLE = 'LiteLLM_SpendLogs';

export const callsSince = (since: Date | undefined): SourceQuery => ({
  table: TABLE,
  columns: CALL_COLUMNS,
  order: 't."startTime"',
  ...(since && { where: `t."startTime" >= ($1::timestamptz AT TIME ZONE 'UTC')`, parameters: [since.toISOString()] }),
});

export class OldCalls {
  constructor(
    private readonly dataSource: DataSource,
    private readonly partitions: Partitions,
    private readonly report: Report,
  ) {}

  async take(rows: readonly SourceRow[]): Promise<void> {
    const entries = rows.map((row) => this.read(row)).filter((entry) => entry !== undefined);
    if (entries.length === 0) return;
    const created = this.report.isDryRun ? await this.missing(entries) : await this.insert(entries);
    this.report.count('spend_logs', 'created', created);
    this.report.count('spend_logs', 'kept', entries.length - created);
  }

  private read(row: SourceRow): CallEntry | undefined {
    try {
      return entryOf(row);
    } catch (error) {
      if (!(error instanceof UnfitRow)) throw error;
      this.report.count('spend_logs', 'failed');
      this.report.problem(TABLE, (row.text('request_id') ?? '').slice(0, 128), `${error.message}: not taken over`);
      return undefined;
    }
  }

  private async insert(entries: readonly CallEntry[]): Promise<number> {
    await this.partitions.ensure(new Set(entries.map(({ id }) => dayOfId(id))));
    const distinct = [...new Map(entries.map((entry) => [entry.id, entry])).values()];
    const accepted = await inTransaction(this.dataSource, (manager) => insertLogs(manager, distinct));
    return accepted.size;
  }

  private async missing(entries: readonly CallEntry[]): Promise<number> {
    const ids = [...new Set(entries.map(({ id }) => id))];
    const here = await this.dataSource.query<{ count: string }[]>(
      `SELECT count(*) AS count FROM turnpike.spend_logs l
         JOIN unnest($1::date[], $2::uuid[]) AS e(day, id) ON l.day = e.day AND l.id = e.id`,
      [texts(ids.map(dayOfId)), texts(ids)],
    );
    return ids.length - Number(here[0]!.count);
  }
}
