import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditLogEntity } from '../schema/entities/audit-log.entity.js';
import { assertStorable } from '../storage/storable.js';
import { readPage, type Page, type PageQuery } from './paging.js';
import { insertRow } from './repository.js';

/** Each that is given narrows the list. */
export interface AuditFilter {
  changedBy?: string;
  changedByApiKey?: string;
  action?: string;
  tableName?: string;
  objectId?: string;
  startTime?: Date;
  /** Exclusive. */
  endTime?: Date;
}

const SORTS = {
  created_at: 't.updatedAt',
  updated_at: 't.updatedAt',
  changed_by: 't.changedBy',
  action: 't.action',
  table_name: 't.tableName',
  object_id: 't.objectId',
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

@Injectable()
export class AuditLogRepository {
  async insert(
    manager: EntityManager,
    row: Partial<AuditLogEntity> & Pick<AuditLogEntity, 'action' | 'tableName' | 'objectId'>,
  ): Promise<AuditLogEntity> {
    return await insertRow(manager, AuditLogEntity, row);
  }

  async find(manager: EntityManager, id: string): Promise<AuditLogEntity | null> {
    return UUID.test(id) ? await manager.findOneBy(AuditLogEntity, { id }) : null;
  }

  async page(manager: EntityManager, filter: AuditFilter, query: PageQuery): Promise<Page<AuditLogEntity>> {
    assertStorable(filter, 'filter');
    const { startTime, endTime, ...equal } = filter;
    const builder = manager.createQueryBuilder(AuditLogEntity, 't');
    for (const property of ['changedBy', 'changedByApiKey', 'action', 'tableName', 'objectId'] as const)
      if (equal[property] !== undefined)
        builder.andWhere(`t.${property} = :${property}`, { [property]: equal[property] });
    if (startTime) builder.andWhere('t.updatedAt >= :startTime', { startTime });
    if (endTime) builder.andWhere('t.updatedAt < :endTime', { endTime });
    return await readPage(builder, query, SORTS, 't.id');
  }

  /** @returns how many there were */
  async prune(manager: EntityManager, before: Date): Promise<number> {
    const { affected } = await manager
      .createQueryBuilder()
      .delete()
      .from(AuditLogEntity)
      .where('updated_at < :before', { before })
      .execute();
    return affected ?? 0;
  }
}
