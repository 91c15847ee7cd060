// Takes over what another gateway keeps.
import { Inject, Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import type { ImportDatabaseRequest, ImportDatabaseResponse, ImportReport } from '@turnpike/rpc';
import { DataSource } from 'typeorm';
import { DatabaseImport, IMPORTED_NOUNS } from '../import/database-import.js';
import { ImportedSpend } from '../import/imported-spend.js';
import { Acquaintance } from '../import/known.js';
import { OldSecrets } from '../import/old-secrets.js';
import { Report } from '../import/report.js';
import { SourceDatabase } from '../import/source.js';
import { AuditLogRepository } from '../repositories/audit-log.repository.js';
import { Changes } from '../repositories/changes.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { Partitions } from '../settlement/partitions.js';
import { SecretBox } from '../storage/secret-box.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { authorOf, type Caller } from './caller.js';
import { NOW, type Now } from './ledger-settings.js';
import { assertAdmin } from './permissions.js';
import { storing } from './storing.js';

@Injectable()
export class ImportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly changes: Changes,
    private readonly auditLog: AuditLogRepository,
    private readonly bounds: BoundsKeeper,
    private readonly balances: BalanceBook,
    private readonly partitions: Partitions,
    private readonly secrets: SecretBox,
    @Inject(NOW) private readonly now: Now,
  ) {}

  async *importDatabase(
    caller: Caller,
    request: ImportDatabaseRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ImportDatabaseResponse> {
    assertAdmin(caller, 'import a database');
    assertNouns(request.nouns);
    const report = new Report(request.dryRun, new Date(this.now()));
    const source = await SourceDatabase.open(request.databaseUrl);
    try {
      const steps = this.importOf(source, request, report).run({ ...request, signal });
      for (let next = await storing(() => steps.next()); !next.done; next = await storing(() => steps.next()))
        yield { step: { $case: 'progress', progress: next.value } };
      const message = report.toMessage(new Date(this.now()));
      if (!request.dryRun) await storing(() => this.record(caller, source.name, message));
      yield { step: { $case: 'report', report: message } };
    } finally {
      await source.close();
    }
  }

  private importOf(source: SourceDatabase, request: ImportDatabaseRequest, report: Report): DatabaseImport {
    const { dataSource, changes, bounds, balances, partitions, secrets, now } = this;
    const tools = {
      dataSource,
      changes,
      bounds,
      spend: new ImportedSpend(balances),
      secrets,
      report,
      acquaintance: new Acquaintance(),
      isOverwriting: request.overwrite,
      now,
    };
    return new DatabaseImport(source, tools, { balances, partitions }, new OldSecrets(request.saltKey));
  }

  /** One line for all of it: what each row was made by stands in the row. */
  private async record(caller: Caller, from: string, { counts }: ImportReport): Promise<void> {
    const { manager } = this.dataSource;
    await this.auditLog.insert(manager, {
      action: 'imported',
      tableName: 'LiteLLM',
      objectId: from,
      changedBy: authorOf(caller),
      changedByApiKey: caller.keyHash || null,
      updatedValues: Object.fromEntries(counts.map(({ noun, ...numbers }) => [noun, numbers])),
    });
  }
}

const assertNouns = (nouns: readonly string[]): void => {
  const unknown = nouns.find((noun) => !IMPORTED_NOUNS.includes(noun));
  if (unknown !== undefined)
    throw invalidRequest(`'${unknown.slice(0, 40)}' is none of ${IMPORTED_NOUNS.join(', ')}.`, 'nouns');
};
