// Sections of the configuration that came by API. Which fields there may be, the configuration's own room knows.
import { Injectable } from '@nestjs/common';
import { checkStoredSection, checkStoredSetting, maskTree, withChanges } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import type {
  DeleteSettingRequest,
  GetSettingRequest,
  ListSettingsResponse,
  Setting,
  UpdateSettingRequest,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { SettingRepository } from '../repositories/setting.repository.js';
import type { SettingEntity } from '../schema/entities/setting.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { authorOf, type Caller } from './caller.js';
import { assertAdmin, assertSeesAll } from './permissions.js';
import { Recorder, type Deed } from './recorder.js';
import { placeOf, SealedDocuments } from './sealed-documents.js';
import { assertDocument, mapOf } from './stored-values.js';
import { authorshipOf } from './stored-terms.js';
import { notFound, storing } from './storing.js';

type SettingAnswer = Promise<{ setting: Setting }>;

@Injectable()
export class SettingService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: SettingRepository,
    private readonly documents: SealedDocuments,
    private readonly recorder: Recorder,
  ) {}

  async update(caller: Caller, { paramName, value, replace }: UpdateSettingRequest): SettingAnswer {
    assertAdmin(caller, 'change settings');
    checkStoredSection(paramName);
    const changes = mapOf(value);
    for (const [name, field] of Object.entries(changes)) {
      if (field !== null && field !== undefined) checkStoredSetting(paramName, name, field);
    }
    return await this.transact(async (manager) => {
      const before = await this.repository.lock(manager, paramName);
      const current = before && !replace ? this.open(before) : {};
      const fields = withChanges(current, changes, paramName, replace);
      assertDocument(fields, paramName);
      return await this.store(manager, caller, before, paramName, fields);
    });
  }

  /** @returns the section as it was */
  async delete(caller: Caller, { paramName, fields }: DeleteSettingRequest): SettingAnswer {
    assertAdmin(caller, 'change settings');
    checkStoredSection(paramName);
    return await this.transact(async (manager) => {
      const before = await this.repository.lock(manager, paramName);
      if (!before) throw notFound(`A stored section '${paramName}'`, 'param_name');
      const current = this.documents.tryOpen(before.paramValue, placeOf.setting(paramName)) ?? {};
      const missing = fields.find((name) => !Object.hasOwn(current, name));
      if (missing !== undefined) throw notFound(`A stored '${missing.slice(0, 100)}' in ${paramName}`, 'field_name');
      const left = Object.fromEntries(
        Object.entries(current).filter(([name]) => fields.length > 0 && !fields.includes(name)),
      );
      const setting = this.shown(before);
      if (Object.keys(left).length > 0) await this.store(manager, caller, before, paramName, left);
      else {
        await this.repository.delete(manager, [paramName]);
        await this.record(manager, caller, { action: 'deleted', id: paramName, before: setting });
      }
      return { setting };
    });
  }

  /** One that is not stored is empty. */
  async get(caller: Caller, { paramName }: GetSettingRequest): SettingAnswer {
    assertSeesAll(caller, 'see settings');
    checkStoredSection(paramName);
    return await storing(async () => {
      const row = await this.repository.find(this.dataSource.manager, paramName);
      return { setting: row ? this.shown(row) : { paramName, value: {}, authorship: undefined } };
    });
  }

  async list(caller: Caller): Promise<ListSettingsResponse> {
    assertSeesAll(caller, 'see settings');
    return await storing(async () => {
      const rows = await this.repository.all(this.dataSource.manager);
      return { settings: rows.map((row) => this.shown(row)) };
    });
  }

  private async store(
    manager: EntityManager,
    caller: Caller,
    before: SettingEntity | null,
    paramName: string,
    fields: JsonObject,
  ): SettingAnswer {
    const author = authorOf(caller);
    const columns = { paramValue: this.documents.seal(fields, placeOf.setting(paramName)), updatedBy: author };
    const row = before
      ? (await this.repository.update(manager, paramName, columns))!
      : await this.repository.insert(manager, { ...columns, paramName, createdBy: author });
    const setting = this.shown(row);
    await this.record(manager, caller, {
      action: before ? 'updated' : 'created',
      id: paramName,
      before: before && this.shown(before),
      after: setting,
    });
    return { setting };
  }

  private open({ paramName, paramValue }: SettingEntity): JsonObject {
    return this.documents.open(paramValue, placeOf.setting(paramName));
  }

  private shown(row: SettingEntity): Setting {
    const value = this.documents.tryOpen(row.paramValue, placeOf.setting(row.paramName));
    return { paramName: row.paramName, value: value && maskTree(value), authorship: authorshipOf(row) };
  }

  private async record(manager: EntityManager, caller: Caller, deed: Omit<Deed, 'table'>): Promise<void> {
    await this.recorder.record(manager, caller, {
      deeds: [{ ...deed, table: 'setting' }],
      changes: [{ kind: 'setting', id: deed.id }],
    });
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work));
  }
}
