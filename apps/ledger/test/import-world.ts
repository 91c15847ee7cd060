// A ledger and the database of another gateway beside it, for specs of the import: the same ones on both of our databases.
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { ImportDatabaseRequest, ImportReport, VirtualKey } from '@turnpike/rpc';
import { hashOf, LitellmDatabase, OLD_SALT } from '../../../test/services/litellm-database.js';
import { PostgresServer } from '../../../test/services/postgres.js';
import { ImportService } from '../src/services/import.service.js';
import { KeyListService } from '../src/services/key-list.service.js';
import { describeOnEachDatabase, type TestDatabase } from './databases.js';
import { ADMIN, aLedger, clear } from './services.js';

const HOUR = 3_600_000;
const OPEN_MS = 60_000;

export const TOKEN = hashOf('sk-of-the-old-gateway');

export const inHours = (hours: number): Date => new Date(Math.floor(Date.now() / 1_000) * 1_000 + hours * HOUR);

/** As Prisma writes times: in UTC, without saying so. */
export const utc = (time: Date): string => time.toISOString().replace('Z', '');

/** A row of its spend log. */
export const aCall = (id: string, some: object = {}): Record<string, unknown> => ({
  request_id: id,
  call_type: 'acompletion',
  api_key: TOKEN,
  spend: 0.001,
  total_tokens: 15,
  prompt_tokens: 10,
  completion_tokens: 5,
  startTime: '2026-01-02T10:00:00',
  endTime: '2026-01-02T10:00:02',
  completionStartTime: '2026-01-02T10:00:01',
  model: 'gpt-4o-2024',
  model_id: 'd-1',
  model_group: 'fast',
  custom_llm_provider: 'openai',
  user: 'u',
  metadata: { user_api_key_alias: 'ci', spend_logs_metadata: { job: 'x' } },
  request_tags: '["prod"]',
  cache_hit: 'False',
  status: 'success',
  messages: { secret: 'prompt' },
  ...some,
});

export const aRequest = (some: Partial<ImportDatabaseRequest> = {}): ImportDatabaseRequest => ({
  databaseUrl: '',
  dryRun: false,
  saltKey: OLD_SALT,
  includeSpendLogs: false,
  spendLogsSince: undefined,
  overwrite: false,
  nouns: [],
  ...some,
});

export class ImportWorld {
  ledger!: Awaited<ReturnType<typeof aLedger>>;
  /** Of the case under way. */
  old!: LitellmDatabase;
  private made: LitellmDatabase | undefined;
  private source: PostgresServer | undefined;

  constructor(readonly database: () => TestDatabase) {}

  async open(): Promise<void> {
    this.ledger = await aLedger(this.database().storage);
    this.source = this.database().server ?? (await PostgresServer.start());
  }

  /** With nothing in either. */
  async renew(options?: Parameters<typeof LitellmDatabase.make>[1]): Promise<void> {
    await clear(this.database().storage);
    await this.database().dataSource.query(
      `TRUNCATE turnpike.imported_rows, turnpike.imported_spend, turnpike.models, turnpike.credentials,
        turnpike.spend_logs, turnpike.daily_spend`,
    );
    await this.made?.close();
    this.made = await LitellmDatabase.make(await this.source!.createDatabase(), options);
    this.old = this.made;
  }

  async close(): Promise<void> {
    await this.made?.close();
    await this.ledger.close();
    if (this.source !== this.database().server) await this.source?.remove();
  }

  async take(some: Partial<ImportDatabaseRequest> = {}): Promise<ImportReport> {
    const request = aRequest({ databaseUrl: this.old.url, ...some });
    let report: ImportReport | undefined;
    const steps = this.ledger.get(ImportService).importDatabase(ADMIN, request, new AbortController().signal);
    for await (const { step } of steps) if (step?.$case === 'report') report = step.report;
    return report!;
  }

  async keyOf(token = TOKEN): Promise<VirtualKey> {
    return (await this.ledger.get(KeyListService).get(ADMIN, { key: token })).key!;
  }

  async query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]> {
    return await this.database().dataSource.query<Row[]>(sql, parameters);
  }

  async rowsIn(table: string): Promise<number> {
    const [row] = await this.query<{ count: string }>(`SELECT count(*) AS count FROM turnpike.${table}`);
    return Number(row!.count);
  }

  async balanceOf(account: string): Promise<Record<string, unknown>> {
    const rows = await this.query(
      `SELECT spent_nano AS spent, total_nano AS total, max_nano AS max, duration, reset_at AS "resetAt"
         FROM turnpike.balances WHERE account = $1`,
      [account],
    );
    return rows[0]!;
  }
}

/** `[found, created, updated, kept, failed, gone]` */
export const countOf = ({ counts }: ImportReport, noun: string): number[] => {
  const { found, created, updated, kept, failed, gone } = counts.find((count) => count.noun === noun)!;
  return [found, created, updated, kept, failed, gone];
};

/** `id: message` */
export const problemsOf = ({ problems }: ImportReport): string[] =>
  problems.map(({ id, message }) => `${id}: ${message}`);

/** Each case begins with nothing on either side. */
export const describeImport = (title: string, define: (world: ImportWorld) => void): void =>
  describeOnEachDatabase(title, (database) => {
    const world = new ImportWorld(database);
    beforeAll(() => world.open(), OPEN_MS);
    beforeEach(() => world.renew());
    afterAll(() => world.close(), OPEN_MS);
    define(world);
  });
