// Looks at who changed what. Rows are written by the Recorder, in the transaction of the change.
import { Injectable } from '@nestjs/common';
import type {
  AuditLog,
  GetAuditLogRequest,
  GetAuditLogResponse,
  ListAuditLogsRequest,
  ListAuditLogsResponse,
} from '@turnpike/rpc';
import { DataSource } from 'typeorm';
import { AuditLogRepository } from '../repositories/audit-log.repository.js';
import type { AuditLogEntity } from '../schema/entities/audit-log.entity.js';
import type { Caller } from './caller.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { assertSeesAll } from './permissions.js';
import { textOf } from './stored-terms.js';
import { notFound, storing } from './storing.js';

@Injectable()
export class AuditService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: AuditLogRepository,
  ) {}

  async get(caller: Caller, { id }: GetAuditLogRequest): Promise<GetAuditLogResponse> {
    assertSeesAll(caller, 'see the audit log');
    return await storing(async () => {
      const row = await this.repository.find(this.dataSource.manager, id);
      if (!row) throw notFound(`The audit log '${id.slice(0, 64)}'`, 'id');
      return { auditLog: fromEntity(row) };
    });
  }

  async list(caller: Caller, request: ListAuditLogsRequest): Promise<ListAuditLogsResponse> {
    assertSeesAll(caller, 'see the audit log');
    const query = toPageQuery(request.page);
    const filter = {
      changedBy: request.changedBy || undefined,
      changedByApiKey: request.changedByApiKey || undefined,
      action: request.action || undefined,
      tableName: request.tableName || undefined,
      objectId: request.objectId || undefined,
      startTime: request.startTime,
      endTime: request.endTime,
    };
    return await storing(async () => {
      const { rows, totalCount } = await this.repository.page(this.dataSource.manager, filter, query);
      return { auditLogs: rows.map(fromEntity), page: pageInfoOf(query, totalCount) };
    });
  }
}

const fromEntity = (row: AuditLogEntity): AuditLog => ({
  id: row.id,
  updatedAt: row.updatedAt,
  changedBy: textOf(row.changedBy),
  changedByApiKey: textOf(row.changedByApiKey),
  action: row.action,
  tableName: row.tableName,
  objectId: row.objectId,
  beforeValue: row.beforeValue ?? undefined,
  updatedValues: row.updatedValues ?? undefined,
});
