// Makes, changes and deletes organisations.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import {
  Organization,
  type CreateOrganizationRequest,
  type DeleteOrganizationsRequest,
  type DeleteOrganizationsResponse,
  type GetOrganizationRequest,
  type GetOrganizationResponse,
  type ListOrganizationsRequest,
  type ListOrganizationsResponse,
  type UpdateOrganizationRequest,
} from '@turnpike/rpc';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { OrganizationMembershipRepository } from '../repositories/organization-membership.repository.js';
import { OrganizationRepository } from '../repositories/organization.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { assertAdmin, denied, mayManageOrganization } from './permissions.js';
import { authorOf, isAdmin, seesAll, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { Keys } from './keys.js';
import { toOrganizationColumns } from './organization.mapper.js';
import { accountOfOrganization, assertOrganization, organizationRoleIn, Organizations } from './organizations.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { traceOfOrganizationMember } from './membership-traces.js';
import { People } from './people.js';
import { Recorder, traceOf, type Deed, type Trace } from './recorder.js';
import { Standings } from './standings.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { Teams } from './teams.js';

const FIXED: (keyof Organization)[] = ['organizationId', 'spendNanoUsd', 'modelSpendNanoUsd', 'members', 'authorship'];

/** For those who pay, and not for the organisation's own administrators. */
const OF_PROXY: (keyof Organization)[] = ['budgetId', 'budget', 'limits', 'modelTerms', 'models'];

type OrganizationAnswer = Promise<{ organization: Organization }>;

@Injectable()
export class OrganizationService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: OrganizationRepository,
    private readonly memberships: OrganizationMembershipRepository,
    private readonly teamRows: TeamRepository,
    private readonly users: UserRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly organizations: Organizations,
    private readonly people: People,
    private readonly teams: Teams,
    private readonly keys: Keys,
    private readonly standings: Standings,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
  ) {}

  async create(caller: Caller, request: CreateOrganizationRequest): OrganizationAnswer {
    assertAdmin(caller, 'make organizations');
    const asked = request.organization ?? Organization.fromPartial({});
    assertOrganization(asked);
    const organizationId = asked.organizationId || randomUUID();
    const meanings = {
      organizations_pkey: () => alreadyExists(`The organization '${organizationId}'`, 'organization_id'),
    };
    return await this.transact(async (manager) => {
      const author = authorOf(caller);
      const columns = { ...toOrganizationColumns(asked), organizationId, createdBy: author, updatedBy: author };
      const organization = await this.repository.insert(manager, columns);
      const traces: Trace[] = [traceOfOrganization({ action: 'created', id: organizationId, after: organization })];
      for (const member of asked.members) {
        const { userId, trace } = await this.people.findOrMake(manager, caller, member, organizationId);
        const role = organizationRoleIn(member);
        const membership = await this.memberships.insert(manager, { organizationId, userId, role, createdBy: author });
        traces.push(trace, traceOfOrganizationMember({ action: 'created', after: membership }, membership));
      }
      await this.bounds.change(manager, [], await this.organizations.boundsOf(manager, organization));
      const message = await this.organizations.toMessage(manager, organization);
      await this.recorder.record(manager, caller, traceOf(...traces));
      return { organization: message };
    }, meanings);
  }

  async update(caller: Caller, request: UpdateOrganizationRequest): OrganizationAnswer {
    const changes = request.changes ?? Organization.fromPartial({});
    const { organizationId } = changes;
    return await this.transact(async (manager) => {
      const standing = await this.standings.of(manager, caller);
      const before = await this.repository.lock(manager, organizationId);
      if (!before) throw notFound(`The organization '${organizationId}'`, 'organization_id');
      if (!mayManageOrganization(standing, organizationId)) {
        throw denied(standing, 'change this organization', 'one of its admins, or a proxy admin');
      }
      const current = await this.organizations.toMessage(manager, before);
      const wished = applyMask(current, changes, request.updateMask ?? [], FIXED);
      assertOrganization(wished);
      const isOfProxy = OF_PROXY.some((name) => JSON.stringify(wished[name]) !== JSON.stringify(current[name]));
      if (isOfProxy && !isAdmin(caller)) {
        throw denied(standing, 'change the budget, the limits or the models of this organization', 'a proxy admin');
      }
      const columns = { ...toOrganizationColumns(wished), updatedBy: authorOf(caller) };
      const organization = await this.repository.update(manager, organizationId, columns);
      await this.bounds.change(
        manager,
        await this.organizations.boundsOf(manager, before),
        await this.organizations.boundsOf(manager, organization!),
      );
      const message = await this.organizations.toMessage(manager, organization!);
      const trace = traceOfOrganization({ action: 'updated', id: organizationId, before, after: organization });
      await this.recorder.record(manager, caller, trace);
      return { organization: message };
    });
  }

  async delete(caller: Caller, { organizationIds }: DeleteOrganizationsRequest): Promise<DeleteOrganizationsResponse> {
    assertAdmin(caller, 'delete organizations');
    if (organizationIds.length === 0) throw invalidRequest('Name at least one organization.', 'organization_ids');
    return await this.transact(async (manager) => {
      const found = await this.repository.findMany(manager, organizationIds);
      const ids = found.map(({ organizationId }) => organizationId);
      const missing = organizationIds.find((id) => !ids.includes(id));
      if (missing !== undefined) throw notFound(`The organization '${missing}'`, 'organization_ids');
      const messages = await this.organizations.toMessages(manager, found);
      const teams = await this.teams.remove(manager, caller, await this.teamRows.ofOrganizations(manager, ids));
      const ofKeys = await this.virtualKeys.ofOwner(manager, { organizationIds: ids });
      const keys = await this.keys.remove(manager, caller, ofKeys);
      const left = await this.users.leaveOrganizations(manager, ids);
      await this.repository.delete(manager, ids);
      await this.bounds.close(manager, ids.map(accountOfOrganization));
      const users: Trace = { deeds: [], changes: left.map((id) => ({ kind: 'user', id })) };
      const own = found.map((before) => traceOfOrganization({ action: 'deleted', id: before.organizationId, before }));
      await this.recorder.record(manager, caller, traceOf(keys, teams, users, ...own));
      return { deletedOrganizations: messages };
    });
  }

  async get(caller: Caller, { organizationId }: GetOrganizationRequest): Promise<GetOrganizationResponse> {
    return await storing(async () => {
      const { manager } = this.dataSource;
      const standing = await this.standings.of(manager, caller);
      if (!seesAll(caller) && !(await this.belongsTo(manager, caller)).includes(organizationId)) {
        throw denied(standing, 'see this organization', 'one of its members');
      }
      const organization = await this.repository.find(manager, organizationId);
      if (!organization) throw notFound(`The organization '${organizationId}'`, 'organization_id');
      const teams = await this.teamRows.ofOrganizations(manager, [organizationId]);
      return {
        organization: await this.organizations.toMessage(manager, organization),
        teams: await this.teams.toMessages(manager, teams),
      };
    });
  }

  async list(caller: Caller, request: ListOrganizationsRequest): Promise<ListOrganizationsResponse> {
    const query = toPageQuery(request.page);
    const { organizationId, organizationAlias } = request;
    return await storing(async () => {
      const { manager } = this.dataSource;
      const visible = seesAll(caller) ? undefined : await this.belongsTo(manager, caller);
      const named = organizationId ? [organizationId] : undefined;
      const organizationIds = visible ? visible.filter((id) => !named || named.includes(id)) : named;
      const filter = { organizationIds, aliasPart: organizationAlias || undefined };
      const { rows, totalCount } = await this.repository.page(manager, filter, query);
      return {
        organizations: await this.organizations.toMessages(manager, rows),
        page: pageInfoOf(query, totalCount),
      };
    });
  }

  private async belongsTo(manager: EntityManager, { userId, organizationId }: Caller): Promise<string[]> {
    const memberships = userId ? await this.memberships.ofUsers(manager, [userId]) : [];
    return [...(organizationId ? [organizationId] : []), ...memberships.map((membership) => membership.organizationId)];
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, meanings: Meanings = {}): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }
}

const traceOfOrganization = (deed: Omit<Deed, 'table'>): Trace => ({
  deeds: [{ ...deed, table: 'organization' }],
  changes: [{ kind: 'organization', id: deed.id }],
});
