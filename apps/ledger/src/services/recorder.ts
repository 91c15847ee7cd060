// What every change leaves behind: a line in the audit log, and word to the gateways.
import { Injectable } from '@nestjs/common';
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { redactValue } from '@turnpike/telemetry';
import type { EntityManager } from 'typeorm';
import { AuditLogRepository } from '../repositories/audit-log.repository.js';
import { Changes, type Change } from '../repositories/changes.js';
import { columnOf } from '../storage/naming.js';
import { withoutVariables } from './callback-secrets.js';
import { authorOf, type Caller } from './caller.js';

/** As LiteLLM names its tables, which is what tools read audit logs by. */
export const TABLES = {
  key: 'LiteLLM_VerificationToken',
  team: 'LiteLLM_TeamTable',
  teamMembership: 'LiteLLM_TeamMembership',
  user: 'LiteLLM_UserTable',
  organization: 'LiteLLM_OrganizationTable',
  organizationMembership: 'LiteLLM_OrganizationMembership',
  customer: 'LiteLLM_EndUserTable',
  budget: 'LiteLLM_BudgetTable',
  tag: 'LiteLLM_TagTable',
  accessGroup: 'LiteLLM_AccessGroupTable',
  model: 'LiteLLM_ProxyModelTable',
  credential: 'LiteLLM_CredentialsTable',
  setting: 'LiteLLM_Config',
} as const;

export interface Deed {
  action: 'created' | 'updated' | 'deleted' | 'blocked' | 'unblocked' | 'rotated' | 'spend_reset';
  table: keyof typeof TABLES;
  id: string;
  before?: object | null;
  after?: object | null;
}

/** What is to be recorded of something that was done. */
export interface Trace {
  deeds: Deed[];
  changes: Change[];
}

/** In the order of the parts. */
export const traceOf = (...parts: readonly Trace[]): Trace => ({
  deeds: parts.flatMap(({ deeds }) => deeds),
  changes: parts.flatMap(({ changes }) => changes),
});

@Injectable()
export class Recorder {
  constructor(
    private readonly auditLog: AuditLogRepository,
    private readonly changes: Changes,
  ) {}

  /** The last thing that a transaction does. */
  async record(manager: EntityManager, caller: Caller, { deeds, changes }: Trace): Promise<void> {
    for (const { action, table, id, before, after } of deeds) {
      await this.auditLog.insert(manager, {
        action,
        tableName: TABLES[table],
        objectId: id,
        changedBy: caller.changedBy ?? authorOf(caller),
        changedByApiKey: caller.keyHash || null,
        beforeValue: documentOf(before),
        updatedValues: documentOf(after),
      });
    }
    await this.changes.record(manager, changes);
  }
}

/**
 * Rows by the names of their columns, without what nobody may read: open maps may hold the secrets of callbacks and
 * providers.
 */
const documentOf = (row: object | null | undefined): JsonObject | null => {
  if (!row) return null;
  const hidden =
    'metadata' in row && isJsonObject(row.metadata) ? { ...row, metadata: withoutVariables(row.metadata) } : row;
  const masked = JSON.parse(JSON.stringify(redactValue(hidden))) as JsonObject;
  const document = Object.fromEntries(Object.entries(masked).map(([name, value]) => [columnOf(name), value]));
  // The hash that a key is known by, and no secret.
  return 'token' in row && typeof row.token === 'string' ? { ...document, token: row.token } : document;
};
