// One import, from its beginning to its report.
import type { ImportProgress } from '@turnpike/rpc';
import type { BalanceBook } from '../settlement/balance-book.js';
import type { Partitions } from '../settlement/partitions.js';
import { inTransaction } from '../storage/in-transaction.js';
import { NounImport, type ImportTools } from './noun-import.js';
import type { AnyNoun, ReadContext } from './noun.js';
import { NOUNS } from './nouns/index.js';
import { DASHBOARD_TEAM, keys } from './nouns/keys.js';
import { spendOf } from './nouns/spends.js';
import { INSTALLATION_USER, users } from './nouns/users.js';
import { callsSince, OldCalls } from './old-calls.js';
import { DAYS, daysQuery, OldDays } from './old-days.js';
import type { OldSecrets } from './old-secrets.js';
import { SPEND } from './report.js';
import type { SourceDatabase, SourceQuery } from './source.js';
import type { SourceRow } from './source-row.js';

/** All that a request may name. */
export const IMPORTED_NOUNS: readonly string[] = [...NOUNS.map(({ name }) => name), 'days', 'spend_logs'];

/** Tables that are read along with others. */
const READ_ALONG = ['LiteLLM_ModelTable', 'LiteLLM_ObjectPermissionTable', 'LiteLLM_TeamMembership'];
/** Sums that follow from others here, and what has no use once it is elsewhere. */
const WITHOUT_LOSS = [
  'LiteLLM_DailyTeamSpend',
  'LiteLLM_DailyOrganizationSpend',
  'LiteLLM_DailyAgentSpend',
  'LiteLLM_CronJob',
  'LiteLLM_HealthCheckTable',
  'LiteLLM_DeletedTeamTable',
  'LiteLLM_DeletedVerificationToken',
];
const REASONS: Readonly<Record<string, string>> = {
  LiteLLM_Config: 'settings are not taken over: write them into the configuration file',
  LiteLLM_SpendLogs: 'single calls were not asked for',
  LiteLLM_AuditLog: 'its record of changes stays there',
};

export interface ImportOrder {
  readonly nouns: readonly string[];
  readonly includeSpendLogs: boolean;
  readonly spendLogsSince: Date | undefined;
  readonly signal: AbortSignal;
}

export class DatabaseImport {
  constructor(
    private readonly source: SourceDatabase,
    private readonly tools: ImportTools,
    private readonly settlement: { readonly balances: BalanceBook; readonly partitions: Partitions },
    private readonly secrets: OldSecrets,
  ) {}

  /** Tells how far it is; the rest stands in the report. */
  async *run(order: ImportOrder): AsyncGenerator<ImportProgress> {
    const { report } = this.tools;
    for (const table of this.source.unreadable) report.problem(table, '', 'may not be read by this user: left out');
    const context = { secrets: this.secrets, resets: await this.resets() };
    for (const noun of NOUNS) if (isWanted(order, noun.name)) yield* this.noun(noun, context, order.signal);
    if (isWanted(order, users.name)) await this.installation(context);
    if (isWanted(order, 'days')) yield* this.days(order.signal);
    if (order.includeSpendLogs && isWanted(order, 'spend_logs')) yield* this.calls(order);
    if (isWanted(order, keys.name)) await this.tellOfSessions();
    if (order.nouns.length === 0) await this.tellOfTheRest(order.includeSpendLogs);
  }

  private async *noun(
    noun: AnyNoun,
    context: Omit<ReadContext, 'known'>,
    signal: AbortSignal,
  ): AsyncGenerator<ImportProgress> {
    const each = new NounImport(noun, this.tools);
    yield* this.each(noun.name, noun.source, signal, (rows) => each.take(rows, context));
  }

  private async *days(signal: AbortSignal): AsyncGenerator<ImportProgress> {
    const days = new OldDays(this.tools.dataSource, this.tools.report);
    for (const of of DAYS) yield* this.each('days', daysQuery(of), signal, (rows) => days.take(of, rows), false);
  }

  private async *calls({ spendLogsSince, signal }: ImportOrder): AsyncGenerator<ImportProgress> {
    const calls = new OldCalls(this.tools.dataSource, this.settlement.partitions, this.tools.report);
    yield* this.each('spend_logs', callsSince(spendLogsSince), signal, (rows) => calls.take(rows), false);
  }

  private async *each(
    noun: string,
    query: SourceQuery,
    signal: AbortSignal,
    take: (rows: readonly SourceRow[]) => Promise<void>,
    isCounted = true,
  ): AsyncGenerator<ImportProgress> {
    const { report } = this.tools;
    report.countOf(noun);
    if (!this.source.tables.has(query.table)) {
      if (!this.source.unreadable.includes(query.table)) report.missing(query.table);
      return;
    }
    const total = isCounted ? await this.source.count(query) : 0;
    let done = 0;
    for await (const rows of this.source.batches(query)) {
      signal.throwIfAborted();
      await take(rows);
      done += rows.length;
      yield { noun, done, total };
    }
  }

  /** When budgets that many share are counted anew next. */
  private async resets(): Promise<Map<string, number>> {
    const table = 'LiteLLM_BudgetTable';
    if (!this.source.tables.has(table)) return new Map();
    const rows = await this.source.all({
      table,
      where: `r->>'budget_reset_at' IS NOT NULL`,
      columns: ['budget_id', 'budget_reset_at'],
    });
    return new Map(rows.map((row) => [row.text('budget_id') ?? '', row.time('budget_reset_at')!.getTime()]));
  }

  /** What was spent in all stands there as if a user had spent it. */
  private async installation(context: Omit<ReadContext, 'known'>): Promise<void> {
    if (!this.source.tables.has(users.source.table)) return;
    const where = `r->>'user_id' = '${INSTALLATION_USER}'`;
    const [row] = await this.source.all({ table: users.source.table, where });
    if (!row) return;
    const { dataSource, spend, changes, report } = this.tools;
    const empty = { budgets: new Map(), teams: new Map(), organizations: new Set<string>(), keys: new Set<string>() };
    const spent = spendOf('installation', row, { ...context, known: empty });
    const grown = await spend.grown(dataSource.manager, [spent]);
    if (spent.spent > 0) report.count(SPEND, grown.length > 0 ? 'updated' : 'kept');
    if (report.isDryRun || grown.length === 0) return;
    await inTransaction(dataSource, async (manager) => {
      await spend.post(manager, grown);
      await changes.record(manager, [{ kind: 'account', id: 'installation' }]);
    });
  }

  private async tellOfSessions(): Promise<void> {
    const { table } = keys.source;
    if (!this.source.tables.has(table)) return;
    const number = await this.source.count({ table, where: `r->>'team_id' = '${DASHBOARD_TEAM}'` });
    if (number > 0)
      this.tools.report.problem(table, '', `${number} keys of people who logged in at its dashboard: left out`);
  }

  private async tellOfTheRest(hasCalls: boolean): Promise<void> {
    const taken = new Set([
      ...NOUNS.map(({ source }) => source.table),
      ...DAYS.map(({ table }) => table),
      ...READ_ALONG,
      ...WITHOUT_LOSS,
      ...(hasCalls ? ['LiteLLM_SpendLogs'] : []),
    ]);
    for (const table of this.source.tables) {
      if (taken.has(table) || (await this.source.isEmpty(table))) continue;
      this.tools.report.problem(table, '', REASONS[table] ?? 'has no place here: left out');
    }
  }
}

const isWanted = ({ nouns }: ImportOrder, noun: string): boolean => nouns.length === 0 || nouns.includes(noun);
