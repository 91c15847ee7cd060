// Access groups: one name for many models, and the teams and keys that may call them by it.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import {
  AccessGroup,
  type CreateAccessGroupRequest,
  type DeleteAccessGroupRequest,
  type GetAccessGroupRequest,
  type ListAccessGroupsRequest,
  type ListAccessGroupsResponse,
  type UpdateAccessGroupRequest,
} from '@turnpike/rpc';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { AccessGroupRepository, type Assigned } from '../repositories/access-group.repository.js';
import type { AccessGroupEntity } from '../schema/entities/access-group.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { authorOf, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { tokenOf } from './key-secret.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { assertAdmin, assertSeesAll } from './permissions.js';
import { Recorder, type Deed } from './recorder.js';
import { authorshipOf, columnOf, textOf } from './stored-terms.js';
import { alreadyExists, notFound, storing } from './storing.js';
import { assertName, assertNames } from './terms.js';

const FIXED: (keyof AccessGroup)[] = ['accessGroupId', 'authorship'];
const MAX_DESCRIPTION = 4_096;

type AccessGroupAnswer = Promise<{ accessGroup: AccessGroup }>;
type GroupName = Pick<AccessGroup, 'accessGroupId' | 'name'>;

@Injectable()
export class AccessGroupService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: AccessGroupRepository,
    private readonly recorder: Recorder,
  ) {}

  async create(caller: Caller, request: CreateAccessGroupRequest): AccessGroupAnswer {
    assertAdmin(caller, 'make access groups');
    const asked = request.accessGroup ?? AccessGroup.fromPartial({});
    assertAccessGroup(asked);
    const accessGroupId = asked.accessGroupId || randomUUID();
    return await this.transact(asked.name, async (manager) => {
      const author = authorOf(caller);
      const columns = { ...toColumns(asked), accessGroupId, createdBy: author, updatedBy: author };
      const group = await this.repository.insert(manager, columns);
      await this.assign(manager, accessGroupId, { teamIds: [], tokens: [] }, asked);
      return await this.record(manager, caller, { action: 'created', id: accessGroupId }, null, group);
    });
  }

  async update(caller: Caller, request: UpdateAccessGroupRequest): AccessGroupAnswer {
    assertAdmin(caller, 'change access groups');
    const changes = request.changes ?? AccessGroup.fromPartial({});
    return await this.transact(changes.name, async (manager) => {
      const before = await this.lock(manager, changes);
      const { accessGroupId } = before;
      const assigned = await this.assignedOf(manager, accessGroupId);
      const current = toMessage(before, assigned);
      const wished = applyMask(current, changes, request.updateMask ?? [], FIXED);
      assertAccessGroup(wished);
      const columns = { ...toColumns(wished), updatedBy: authorOf(caller) };
      const group = await this.repository.update(manager, accessGroupId, columns);
      await this.assign(manager, accessGroupId, assigned, wished);
      return await this.record(manager, caller, { action: 'updated', id: accessGroupId }, current, group!);
    });
  }

  /** Keys and teams that name it lose what it stood for. */
  async delete(caller: Caller, request: DeleteAccessGroupRequest): AccessGroupAnswer {
    assertAdmin(caller, 'delete access groups');
    return await this.transact('', async (manager) => {
      const before = await this.lock(manager, request);
      const { accessGroupId } = before;
      const message = toMessage(before, await this.assignedOf(manager, accessGroupId));
      await this.repository.delete(manager, [accessGroupId]);
      await this.recorder.record(manager, caller, {
        deeds: [{ action: 'deleted', table: 'accessGroup', id: accessGroupId, before: shown(message) }],
        changes: [{ kind: 'accessGroup', id: accessGroupId }],
      });
      return { accessGroup: message };
    });
  }

  async get(caller: Caller, request: GetAccessGroupRequest): AccessGroupAnswer {
    assertSeesAll(caller, 'see access groups');
    return await storing(async () => {
      const { manager } = this.dataSource;
      const group = await this.find(manager, request);
      return { accessGroup: toMessage(group, await this.assignedOf(manager, group.accessGroupId)) };
    });
  }

  async list(caller: Caller, request: ListAccessGroupsRequest): Promise<ListAccessGroupsResponse> {
    assertSeesAll(caller, 'see access groups');
    const query = toPageQuery(request.page);
    return await storing(async () => {
      const { manager } = this.dataSource;
      const { rows, totalCount } = await this.repository.page(manager, query);
      const assigned = await this.repository.assigned(
        manager,
        rows.map(({ accessGroupId }) => accessGroupId),
      );
      return {
        accessGroups: rows.map((group) => toMessage(group, assigned.get(group.accessGroupId) ?? NOBODY)),
        page: pageInfoOf(query, totalCount),
      };
    });
  }

  /** By id, or else by name. @throws GW_NOT_FOUND, GW_INVALID_REQUEST */
  private async find(manager: EntityManager, { accessGroupId, name }: GroupName): Promise<AccessGroupEntity> {
    if (!accessGroupId && !name)
      throw invalidRequest('Name an access group: by its id or by its name.', 'access_group');
    const group = accessGroupId
      ? await this.repository.find(manager, accessGroupId)
      : await this.repository.findByName(manager, name);
    if (!group) throw notFound(`The access group '${(accessGroupId || name).slice(0, 256)}'`, 'access_group');
    return group;
  }

  private async lock(manager: EntityManager, named: GroupName): Promise<AccessGroupEntity> {
    const { accessGroupId } = await this.find(manager, named);
    return (await this.repository.lock(manager, accessGroupId)) ?? (await this.find(manager, named));
  }

  private async assignedOf(manager: EntityManager, accessGroupId: string): Promise<Assigned> {
    return (await this.repository.assigned(manager, [accessGroupId])).get(accessGroupId) ?? NOBODY;
  }

  /** Those who are named get it, the others lose it. @throws GW_NOT_FOUND for who does not exist */
  private async assign(
    manager: EntityManager,
    accessGroupId: string,
    before: Assigned,
    { assignedTeamIds, assignedKeyIds }: AccessGroup,
  ): Promise<void> {
    const wished = { teamIds: assignedTeamIds, tokens: assignedKeyIds.map((key) => tokenOf(key, 'assigned_key_ids')) };
    const missing = await this.repository.assign(manager, accessGroupId, before, wished);
    if (missing.teamIds[0] !== undefined) throw notFound(`The team '${missing.teamIds[0]}'`, 'assigned_team_ids');
    if (missing.tokens[0] !== undefined) throw notFound(`The key '${missing.tokens[0]}'`, 'assigned_key_ids');
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    deed: Pick<Deed, 'action' | 'id'>,
    before: AccessGroup | null,
    group: AccessGroupEntity,
  ): AccessGroupAnswer {
    const after = toMessage(group, await this.assignedOf(manager, group.accessGroupId));
    await this.recorder.record(manager, caller, {
      deeds: [{ ...deed, table: 'accessGroup', before: before && shown(before), after: shown(after) }],
      changes: [{ kind: 'accessGroup', id: deed.id }],
    });
    return { accessGroup: after };
  }

  private async transact<T>(name: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), {
      access_groups_name_key: () => alreadyExists(`An access group with the name '${name}'`, 'access_group_name'),
      access_groups_pkey: () => alreadyExists('An access group with this id', 'access_group_id'),
    });
  }
}

const NOBODY: Assigned = { teamIds: [], tokens: [] };

/** @throws GW_INVALID_REQUEST */
const assertAccessGroup = (group: AccessGroup): void => {
  if (group.name.trim() === '') throw invalidRequest('Name the access group.', 'access_group_name');
  assertName(group.name, 'access_group_name');
  assertName(group.accessGroupId, 'access_group_id');
  if (group.description.length > MAX_DESCRIPTION) {
    throw invalidRequest(`description has more than ${MAX_DESCRIPTION} characters.`, 'description');
  }
  assertNames(group.models, 'access_model_names');
  assertNames(group.modelIds, 'model_ids');
  assertNames(group.assignedTeamIds, 'assigned_team_ids');
  assertNames(group.assignedKeyIds, 'assigned_key_ids');
};

const toColumns = ({ name, description, models, modelIds }: AccessGroup): Partial<AccessGroupEntity> => ({
  name,
  description: columnOf(description),
  models: [...new Set(models)],
  modelIds: [...new Set(modelIds)],
});

const toMessage = (group: AccessGroupEntity, { teamIds, tokens }: Assigned): AccessGroup => ({
  accessGroupId: group.accessGroupId,
  name: group.name,
  description: textOf(group.description),
  models: group.models,
  modelIds: group.modelIds,
  authorship: authorshipOf(group),
  assignedTeamIds: [...teamIds],
  assignedKeyIds: [...tokens],
});

/** As the audit log tells it. */
const shown = ({ authorship: _, ...group }: AccessGroup): object => group;
