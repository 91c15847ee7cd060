// /audit: who changed what, as LiteLLM tells it.
import { Controller, Param, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { AuditLog } from '@turnpike/rpc';
import { inQuery, isDay, readQuery, toMoment } from './body.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { pageQuery, toPage } from './page.js';

const Route = managementRoutes('audit');

const USUAL_SIZE = 10;
const DAY_MS = 86_400_000;

const query = z.object({
  ...pageQuery,
  page_size: inQuery.count('1 to 100; 10 without it'),
  changed_by: inQuery.text('By this user'),
  changed_by_api_key: inQuery.text('With this key: its hash'),
  action: inQuery.text('`created`, `updated`, `deleted`, `blocked`, `unblocked`, `rotated` or `spend_reset`'),
  table_name: inQuery.text('Of this table, such as `LiteLLM_TeamTable`'),
  object_id: inQuery.text('Of this key (its hash), team, user …'),
  start_date: inQuery.moment('From then on'),
  end_date: inQuery.moment('Until then; a day is meant with all of it'),
});

const auditAnswer = z.object({
  id: z.string(),
  updated_at: z.string().nullable(),
  changed_by: z.string(),
  changed_by_api_key: z.string(),
  action: z.string(),
  table_name: z.string(),
  object_id: z.string(),
  before_value: z.record(z.string(), z.unknown()).nullable(),
  updated_values: z.record(z.string(), z.unknown()).nullable(),
});
const pageAnswer = z.object({
  audit_logs: z.array(auditAnswer),
  total: z.int(),
  page: z.int(),
  page_size: z.int(),
  total_pages: z.int(),
});

@Controller('audit')
@UseGuards(LedgerGuard)
export class AuditController {
  @Route('GET', '', { summary: 'Who changed what, page by page, the newest first', query, answer: pageAnswer })
  async list(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    const asked = readQuery(query, sent);
    const size = asked.page_size ?? USUAL_SIZE;
    const { auditLogs, page } = await ledger.ask(ledger.services.audit.listAuditLogs, {
      page: toPage(asked, size),
      changedBy: asked.changed_by,
      changedByApiKey: asked.changed_by_api_key,
      action: asked.action,
      tableName: asked.table_name,
      objectId: asked.object_id,
      startTime: asked.start_date ? toMoment(asked.start_date) : undefined,
      endTime: asked.end_date ? afterEnd(asked.end_date) : undefined,
    });
    return {
      audit_logs: auditLogs.map(fromAuditLog),
      total: page?.totalCount ?? 0,
      page: page?.page ?? 1,
      page_size: size,
      total_pages: page?.totalPages ?? 0,
    };
  }

  @Route('GET', ':id', { summary: 'One line of the audit log', answer: auditAnswer })
  async one(@Ledger() ledger: OnBehalf, @Param('id') id: string): Promise<JsonObject> {
    const { auditLog } = await ledger.ask(ledger.services.audit.getAuditLog, { id });
    return fromAuditLog(auditLog!);
  }
}

/** The ledger's end is exclusive; a day is meant with all of it. */
const afterEnd = (text: string): Date => new Date(toMoment(text).getTime() + (isDay(text) ? DAY_MS : 1));

const fromAuditLog = (log: AuditLog): JsonObject => ({
  id: log.id,
  updated_at: log.updatedAt?.toISOString() ?? null,
  changed_by: log.changedBy,
  changed_by_api_key: log.changedByApiKey,
  action: log.action,
  table_name: log.tableName,
  object_id: log.objectId,
  before_value: log.beforeValue ?? null,
  updated_values: log.updatedValues ?? null,
});
