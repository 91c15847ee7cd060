// What repositories of rows with one id have alike. All go through the manager they are given: that of a transaction, or
// `dataSource.manager` outside of one.
import type { EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { assertStorable, isStorable } from '../storage/storable.js';

/** A row as `RETURNING *` or `SELECT *` gives it → an entity. */
export const fromRaw = (metadata: EntityMetadata, raw: Record<string, unknown>): ObjectLiteral => {
  const entity = metadata.create() as Record<string, unknown>;
  for (const { propertyName, databaseName } of metadata.columns) entity[propertyName] = raw[databaseName];
  return entity;
};

/** A row as `row_to_json` gives it → an entity. Of what JSON has no words for, columns have times only. */
export const fromJson = (metadata: EntityMetadata, json: Record<string, unknown>): ObjectLiteral => {
  const entity = metadata.create() as Record<string, unknown>;
  for (const { propertyName, databaseName, type } of metadata.columns) {
    const value = json[databaseName];
    entity[propertyName] = type === 'timestamptz' && typeof value === 'string' ? new Date(value) : value;
  }
  return entity;
};

/** What `RETURNING *` gave, which TypeORM calls `any`. */
const rowsOf = <E extends ObjectLiteral>(metadata: EntityMetadata, result: { raw: unknown }): E[] =>
  (result.raw as Record<string, unknown>[]).map((raw) => fromRaw(metadata, raw) as E);

const named = <E extends ObjectLiteral>(metadata: EntityMetadata, row: Partial<E>): Record<string, unknown> =>
  Object.fromEntries(
    metadata.columns
      .filter(({ propertyName }) => row[propertyName] !== undefined)
      .map(({ propertyName, databaseName }) => [databaseName, row[propertyName]]),
  );

/** Names fields as columns do: `metadata.owner contains a NUL character`. */
const assertRow = <E extends ObjectLiteral>(metadata: EntityMetadata, row: Partial<E>): void =>
  assertStorable(named(metadata, row));

const given = <E extends ObjectLiteral>(row: Partial<E>): Partial<E> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as Partial<E>;

/** Columns that are absent get their defaults. */
export const insertRow = async <E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<E>,
  row: Partial<E>,
): Promise<E> => {
  const metadata = manager.dataSource.getMetadata(entity);
  assertRow(metadata, row);
  const result = await manager
    .createQueryBuilder()
    .insert()
    .into(entity)
    .values(given(row))
    .returning('*')
    .updateEntity(false)
    .execute();
  return rowsOf<E>(metadata, result)[0]!;
};

/**
 * Changes the columns that are given, and `updatedAt` where there is one.
 *
 * @returns the row as it is now; null when there is none
 */
export const updateRow = async <E extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<E>,
  where: Partial<E>,
  changes: Partial<E>,
): Promise<E | null> => {
  const metadata = manager.dataSource.getMetadata(entity);
  assertRow(metadata, changes);
  if (!isStorable(where)) return null;
  const hasUpdatedAt = metadata.columns.some(({ propertyName }) => propertyName === 'updatedAt');
  const touched = hasUpdatedAt ? { updatedAt: () => 'now()' } : {};
  const result = await manager
    .createQueryBuilder()
    .update(entity)
    .set({ ...touched, ...given(changes) })
    .where(where)
    .returning('*')
    .updateEntity(false)
    .execute();
  return rowsOf<E>(metadata, result)[0] ?? null;
};

export abstract class Repository<E extends ObjectLiteral> {
  protected constructor(
    protected readonly entity: EntityTarget<E>,
    /** The property that is the primary key. */
    protected readonly id: keyof E & string,
  ) {}

  protected where(id: string): Partial<E> {
    return { [this.id]: id } as Partial<E>;
  }

  async find(manager: EntityManager, id: string): Promise<E | null> {
    return isStorable(id) ? await manager.findOneBy(this.entity, this.where(id)) : null;
  }

  /** Those that exist, in no order. */
  async findMany(manager: EntityManager, ids: readonly string[]): Promise<E[]> {
    return await this.findBy(manager, this.id, ids);
  }

  /** Rows that have one of these values there. */
  protected async findBy(manager: EntityManager, property: keyof E & string, values: readonly string[]): Promise<E[]> {
    const storable = values.filter((value) => isStorable(value));
    if (storable.length === 0) return [];
    return await manager
      .createQueryBuilder(this.entity, 't')
      .where(`t.${property} = ANY(:values)`, { values: storable })
      .getMany();
  }

  /** Nobody else changes it until the end of this transaction. */
  async lock(manager: EntityManager, id: string): Promise<E | null> {
    if (!isStorable(id)) return null;
    return await manager
      .createQueryBuilder(this.entity, 't')
      .where(this.where(id))
      .setLock('pessimistic_write')
      .getOne();
  }

  /**
   * Columns that are absent get their defaults.
   * @throws GatewayError GW_INVALID_REQUEST for text that cannot be stored; constraints as `violationOf` tells them
   */
  async insert(manager: EntityManager, row: Partial<E>): Promise<E> {
    return await insertRow(manager, this.entity, row);
  }

  /**
   * Changes the columns that are given, and `updatedAt`.
   * @returns the row as it is now; null when there is none
   * @throws as `insert` does
   */
  async update(manager: EntityManager, id: string, changes: Partial<E>): Promise<E | null> {
    return await updateRow(manager, this.entity, this.where(id), changes);
  }

  /** @returns those that were there, as they were */
  async delete(manager: EntityManager, ids: readonly string[]): Promise<E[]> {
    const storable = ids.filter((id) => isStorable(id));
    if (storable.length === 0) return [];
    const metadata = manager.dataSource.getMetadata(this.entity);
    const result = await manager
      .createQueryBuilder()
      .delete()
      .from(this.entity)
      .where(`${metadata.findColumnWithPropertyName(this.id)!.databaseName} = ANY(:ids)`, { ids: storable })
      .returning('*')
      .execute();
    return rowsOf<E>(metadata, result);
  }
}
