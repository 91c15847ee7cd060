// Takes over one kind of row, some hundred at a time: each batch is read, compared with what is here, and written as a
// whole. In a dry run all is done but the writing.
import { isGatewayError } from '@turnpike/errors';
import { isDeepStrictEqual } from 'node:util';
import type { DataSource, EntityManager, ObjectLiteral } from 'typeorm';
import type { Change, Changes } from '../repositories/changes.js';
import type { BoundsKeeper } from '../services/bounds-keeper.js';
import type { ScopedBound } from '../services/effective-terms.js';
import { isContentFault } from '../settlement/database-faults.js';
import { inTransaction } from '../storage/in-transaction.js';
import type { SecretBox } from '../storage/secret-box.js';
import { assertStorable } from '../storage/storable.js';
import { updateRow } from '../repositories/repository.js';
import type { AccountSpend, ImportedSpend } from './imported-spend.js';
import { missingIn, type Acquaintance } from './known.js';
import { idOf, type Known, type Noun, type ReadContext } from './noun.js';
import { SPEND, type Report } from './report.js';
import { UnfitRow, type SourceRow } from './source-row.js';

export interface ImportTools {
  readonly dataSource: DataSource;
  readonly changes: Changes;
  readonly bounds: BoundsKeeper;
  readonly spend: ImportedSpend;
  readonly secrets: SecretBox;
  readonly report: Report;
  readonly acquaintance: Acquaintance;
  readonly isOverwriting: boolean;
  readonly now: () => number;
}

/** A row that may have to be written. */
interface Candidate<E> {
  readonly id: string;
  readonly source: SourceRow;
  row: E;
  readonly spends: readonly AccountSpend[];
  /** As it is here. */
  existing?: E;
  /** Of an existing one. */
  changes?: Partial<E>;
}

/** Who wrote it stays as it is here; what is written now is written by the import. */
const AUTHORSHIP = new Set(['createdAt', 'createdBy', 'updatedAt', 'updatedBy']);

/** What is wrong with a row, where that is what was thrown. */
const reasonOf = (error: unknown): string => {
  if (error instanceof UnfitRow || (isGatewayError(error) && error.kind === 'invalid-request')) return error.message;
  throw error;
};

export class NounImport<E extends ObjectLiteral> {
  /** Values of the unique property that rows of this run have. */
  private readonly taken = new Map<unknown, string>();

  constructor(
    private readonly noun: Noun<E>,
    private readonly tools: ImportTools,
  ) {}

  /** @param context all of it but what is known */
  async take(sources: readonly SourceRow[], context: Omit<ReadContext, 'known'>): Promise<void> {
    const { manager } = this.tools.dataSource;
    const known = await this.tools.acquaintance.with(
      manager,
      sources.map((source) => this.noun.refersTo(source)),
    );
    const candidates = sources.flatMap((source) => this.read(source, { ...context, known }));
    const here = await this.find(manager, candidates);
    const gone = await this.gone(manager, candidates, here);
    const present = candidates.filter(({ id }) => !gone.has(id));
    for (const candidate of present) {
      const existing = here.get(candidate.id);
      if (existing) candidate.existing = existing;
    }
    await this.settleUnique(manager, present);
    const fit = present.filter((candidate) => this.isFit(candidate, known));
    for (const candidate of fit) this.compare(candidate);
    const grown = new Set(
      await this.tools.spend.grown(
        manager,
        fit.flatMap(({ spends }) => spends),
      ),
    );
    await this.write(fit, grown, known);
  }

  private read(source: SourceRow, context: ReadContext): Candidate<E>[] {
    try {
      return this.noun.read(source, context).map(({ row, spends = [] }) => {
        assertStorable(row);
        return { id: idOf(this.noun, row), source, row, spends };
      });
    } catch (error) {
      this.fail(this.noun.nameOf(source), reasonOf(error));
      return [];
    }
  }

  /** Rows that are here, by id. */
  private async find(manager: EntityManager, candidates: readonly Candidate<E>[]): Promise<Map<string, E>> {
    if (candidates.length === 0) return new Map();
    const { entity, primaryKey } = this.noun;
    const builder = manager.createQueryBuilder(entity, 't');
    for (const property of primaryKey) {
      const values = [...new Set(candidates.map(({ row }) => row[property]))];
      builder.andWhere(`t.${property} = ANY(:${property})`, { [property]: values });
    }
    return new Map((await builder.getMany()).map((row) => [idOf(this.noun, row), row]));
  }

  /** Those that were taken over before, and are not here any more. */
  private async gone(
    manager: EntityManager,
    candidates: readonly Candidate<E>[],
    here: ReadonlyMap<string, E>,
  ): Promise<Set<string>> {
    const absent = candidates.filter(({ id }) => !here.has(id)).map(({ id }) => id);
    if (absent.length === 0) return new Set();
    const rows = await manager.query<{ id: string }[]>(
      'SELECT id FROM turnpike.imported_rows WHERE noun = $1 AND id = ANY($2::text[])',
      [this.noun.name, absent],
    );
    for (const { id } of rows) {
      this.tools.report.count(this.noun.name, 'gone');
      this.tools.report.problem(
        this.noun.source.table,
        id,
        'was deleted or replaced here since: it does not come back',
      );
    }
    return new Set(rows.map(({ id }) => id));
  }

  /** Gives up what another row has, of those that are here or are taken over with this one. */
  private async settleUnique(manager: EntityManager, candidates: readonly Candidate<E>[]): Promise<void> {
    const { unique, entity } = this.noun;
    if (!unique) return;
    const { property } = unique;
    const wanted = candidates.map(({ row }) => row[property] as unknown).filter((value) => value !== null);
    const rows = await manager
      .createQueryBuilder(entity, 't')
      .where(`t.${property} = ANY(:wanted)`, { wanted })
      .getMany();
    const owners = new Map(rows.map((row) => [row[property] as unknown, idOf(this.noun, row)]));
    for (const candidate of candidates) {
      const value = candidate.row[property] as unknown;
      if (value === null) continue;
      const owner = owners.get(value) ?? this.taken.get(value) ?? candidate.id;
      this.taken.set(value, owner);
      if (owner !== candidate.id) candidate.row = { ...candidate.row, [property]: null };
      if (owner !== candidate.id && unique.isOptional)
        candidate.source.note(`${property} ${JSON.stringify(value)} is another one's already: taken over without`);
    }
  }

  private isFit(candidate: Candidate<E>, known: Known): boolean {
    const { unique } = this.noun;
    const needs = this.noun.needs?.(candidate.row);
    const missing = needs && missingIn(known, needs);
    const hasLostName = unique?.isOptional === false && candidate.row[unique.property] === null;
    if (missing === undefined && !hasLostName) return true;
    this.fail(
      candidate.id,
      missing === undefined ? `${unique!.property} is another one's already` : `the ${missing} is not here`,
    );
    return false;
  }

  private compare(candidate: Candidate<E>): void {
    const { existing, row } = candidate;
    if (!existing || !this.tools.isOverwriting) return;
    const { kept = [], entity } = this.noun;
    const changes: Partial<E> = {};
    for (const { propertyName } of this.tools.dataSource.getMetadata(entity).columns) {
      const property = propertyName as keyof E & string;
      if (AUTHORSHIP.has(property) || kept.includes(property)) continue;
      if (!isDeepStrictEqual(this.inClear(existing, property), row[property])) changes[property] = row[property];
    }
    if (Object.keys(changes).length > 0) candidate.changes = changes;
  }

  /** A column of a row that is here. Undefined: it does not open, and is no equal of anything. */
  private inClear(row: E, property: keyof E & string): unknown {
    const { sealed } = this.noun;
    if (property !== sealed?.property) return row[property];
    try {
      return sealed.open(row[property], row, this.tools.secrets);
    } catch {
      return undefined;
    }
  }

  private async write(
    candidates: readonly Candidate<E>[],
    grown: ReadonlySet<AccountSpend>,
    known: Known,
  ): Promise<void> {
    const { isDryRun } = this.tools.report;
    const due = candidates.filter(
      ({ existing, changes, spends }) => !existing || changes || spends.some((spend) => grown.has(spend)),
    );
    if (isDryRun) for (const { row } of due) this.tools.acquaintance.plan(this.noun.entity, row);
    const refused = isDryRun ? [] : await this.keep(due, grown, known);
    for (const candidate of candidates) if (!refused.includes(candidate)) this.tell(candidate, grown);
  }

  /** One that the database does not take is found by halves, and the others are kept. @returns those */
  private async keep(
    candidates: readonly Candidate<E>[],
    grown: ReadonlySet<AccountSpend>,
    known: Known,
  ): Promise<Candidate<E>[]> {
    if (candidates.length === 0) return [];
    try {
      await inTransaction(this.tools.dataSource, (manager) => this.store(manager, candidates, grown, known));
      return [];
    } catch (error) {
      if (!isContentFault(error)) throw error;
      if (candidates.length === 1) {
        this.fail(candidates[0]!.id, `the database does not take it: ${(error as Error).message}`);
        return [...candidates];
      }
      const middle = candidates.length >> 1;
      return [
        ...(await this.keep(candidates.slice(0, middle), grown, known)),
        ...(await this.keep(candidates.slice(middle), grown, known)),
      ];
    }
  }

  private async store(
    manager: EntityManager,
    candidates: readonly Candidate<E>[],
    grown: ReadonlySet<AccountSpend>,
    known: Known,
  ): Promise<void> {
    const { bounds, spend, changes } = this.tools;
    const created = candidates.filter(({ existing }) => !existing);
    if (created.length > 0) await this.insert(manager, created);
    for (const { existing, changes: columns } of candidates) {
      if (existing && columns) await this.update(manager, existing, columns);
    }
    const before = candidates.flatMap(({ existing, changes: columns }) =>
      existing && columns ? this.boundsOf(existing, [], known) : [],
    );
    const after = candidates.flatMap(({ existing, changes: columns, row, spends }) =>
      existing && !columns ? [] : this.boundsOf(row, spends, known),
    );
    await bounds.change(manager, before, after);
    const due = candidates.flatMap(({ spends }) => spends.filter((one) => grown.has(one)));
    await spend.post(manager, due);
    await changes.record(manager, this.changesOf(candidates, due));
  }

  private async insert(manager: EntityManager, candidates: readonly Candidate<E>[]): Promise<void> {
    const { entity, name } = this.noun;
    await manager
      .createQueryBuilder()
      .insert()
      .into(entity)
      .values(candidates.map(({ row }) => this.sealedRow(row, row)))
      .updateEntity(false)
      .execute();
    await manager.query(
      `INSERT INTO turnpike.imported_rows (noun, id) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`,
      [name, candidates.map(({ id }) => id)],
    );
  }

  private async update(manager: EntityManager, existing: E, changes: Partial<E>): Promise<void> {
    const where = Object.fromEntries(
      this.noun.primaryKey.map((property) => [property, existing[property]]),
    ) as Partial<E>;
    await updateRow(manager, this.noun.entity, where, this.sealedRow(existing, changes));
  }

  private sealedRow<Columns extends Partial<E>>(row: E, columns: Columns): Columns {
    const { sealed } = this.noun;
    if (!sealed || columns[sealed.property] === undefined) return columns;
    return { ...columns, [sealed.property]: sealed.seal(columns[sealed.property], row, this.tools.secrets) };
  }

  /** With the period under way there, where it is known. */
  private boundsOf(row: E, spends: readonly AccountSpend[], known: Known): ScopedBound[] {
    const now = this.tools.now();
    const resets = new Map(spends.map(({ account, resetAt }) => [account, resetAt]));
    return (this.noun.boundsOf?.(row, known, now) ?? []).map((bound) => {
      const resetAt = resets.get(bound.account);
      return bound.duration === undefined || resetAt === undefined || resetAt <= now ? bound : { ...bound, resetAt };
    });
  }

  private changesOf(candidates: readonly Candidate<E>[], spends: readonly AccountSpend[]): Change[] {
    const ofRows = candidates
      .filter(({ existing, changes }) => !existing || changes)
      .map(({ row }) => this.noun.changeOf?.(row));
    const ofAccounts = spends.map(({ account: id }): Change => ({ kind: 'account', id }));
    return [...ofRows.filter((change) => change !== undefined), ...ofAccounts];
  }

  private tell(candidate: Candidate<E>, grown: ReadonlySet<AccountSpend>): void {
    const { report } = this.tools;
    const { existing, changes, id, source, spends } = candidate;
    report.count(this.noun.name, existing ? (changes ? 'updated' : 'kept') : 'created');
    for (const spend of spends) {
      if (spend.spent === 0 && !spend.lifetime) continue;
      report.count(SPEND, grown.has(spend) ? 'updated' : 'kept');
    }
    if (existing && !changes) return;
    for (const note of source.notes.splice(0)) report.problem(this.noun.source.table, id, note);
  }

  private fail(id: string, reason: string): void {
    this.tools.report.count(this.noun.name, 'failed');
    this.tools.report.problem(this.noun.source.table, id, `${reason}: not taken over`);
  }
}
