// Members of organisations: who joins, what they are there, who leaves.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import type {
  AddOrganizationMembersRequest,
  AddOrganizationMembersResponse,
  Budget,
  DeleteOrganizationMemberRequest,
  DeleteOrganizationMemberResponse,
  Organization,
  UpdateOrganizationMemberRequest,
  UpdateOrganizationMemberResponse,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { OrganizationMembershipRepository } from '../repositories/organization-membership.repository.js';
import { OrganizationRepository } from '../repositories/organization.repository.js';
import type { OrganizationMembershipEntity } from '../schema/entities/organization-membership.entity.js';
import type { OrganizationEntity } from '../schema/entities/organization.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { authorOf, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { organizationRoleIn, Organizations } from './organizations.js';
import { traceOfOrganizationMember } from './membership-traces.js';
import { People, type PersonName } from './people.js';
import { denied, mayManageOrganization } from './permissions.js';
import { Recorder, traceOf, type Trace } from './recorder.js';
import { Standings } from './standings.js';
import { columnOf, textOf } from './stored-terms.js';
import { alreadyExists, notFound, storing } from './storing.js';

@Injectable()
export class OrganizationMemberService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: OrganizationMembershipRepository,
    private readonly organizationRows: OrganizationRepository,
    private readonly organizations: Organizations,
    private readonly people: People,
    private readonly standings: Standings,
    private readonly recorder: Recorder,
  ) {}

  async add(caller: Caller, request: AddOrganizationMembersRequest): Promise<AddOrganizationMembersResponse> {
    const { organizationId, members, budget } = request;
    if (members.length === 0) throw invalidRequest('Name at least one member.', 'member');
    assertNoBudget(budget);
    return await this.transact(caller, organizationId, async (manager, organization) => {
      const traces: Trace[] = [];
      for (const member of members) {
        const { userId, trace } = await this.people.findOrMake(manager, caller, member, organizationId);
        if (await this.repository.find(manager, organizationId, userId)) {
          throw alreadyExists(`The member '${userId}' of the organization '${organizationId}'`, 'member');
        }
        const membership = await this.repository.insert(manager, {
          organizationId,
          userId,
          role: organizationRoleIn(member),
          budgetId: columnOf(member.budgetId),
          createdBy: authorOf(caller),
          updatedBy: authorOf(caller),
        });
        traces.push(trace, traceOfOrganizationMember({ action: 'created', after: membership }, membership));
      }
      const message = await this.organizations.toMessage(manager, organization);
      await this.recorder.record(manager, caller, traceOf(...traces));
      return { organization: message };
    });
  }

  async update(caller: Caller, request: UpdateOrganizationMemberRequest): Promise<UpdateOrganizationMemberResponse> {
    const { organizationId, member: named, updateMask, budget } = request;
    if (!named) throw invalidRequest('Name a member: by user_id or by user_email.', 'user_id');
    assertNoBudget(budget);
    return await this.transact(caller, organizationId, async (manager, organization) => {
      const before = await this.memberOf(manager, organizationId, named);
      const current = { role: before.role, budgetId: textOf(before.budgetId) };
      const wished = applyMask(current, { role: named.role, budgetId: named.budgetId }, updateMask ?? []);
      const membership = await this.repository.update(manager, organizationId, before.userId, {
        role: organizationRoleIn(wished),
        budgetId: columnOf(wished.budgetId),
        updatedBy: authorOf(caller),
      });
      const { members } = await this.organizations.toMessage(manager, organization);
      const deed = { action: 'updated', before, after: membership } as const;
      await this.recorder.record(manager, caller, traceOfOrganizationMember(deed, before));
      return { member: members.find(({ userId }) => userId === before.userId) };
    });
  }

  async delete(caller: Caller, request: DeleteOrganizationMemberRequest): Promise<DeleteOrganizationMemberResponse> {
    const { organizationId } = request;
    return await this.transact(caller, organizationId, async (manager, organization) => {
      const before = await this.memberOf(manager, organizationId, request);
      await this.repository.delete(manager, organizationId, before.userId);
      const message: Organization = await this.organizations.toMessage(manager, organization);
      await this.recorder.record(manager, caller, traceOfOrganizationMember({ action: 'deleted', before }, before));
      return { organization: message };
    });
  }

  private async memberOf(
    manager: EntityManager,
    organizationId: string,
    name: PersonName,
  ): Promise<OrganizationMembershipEntity> {
    const userId = name.userId || (await this.people.get(manager, name)).userId;
    const membership = await this.repository.find(manager, organizationId, userId);
    if (!membership) throw notFound(`The member '${userId}' of the organization '${organizationId}'`, 'user_id');
    return membership;
  }

  private async transact<T>(
    caller: Caller,
    organizationId: string,
    work: (manager: EntityManager, organization: OrganizationEntity) => Promise<T>,
  ): Promise<T> {
    return await storing(() =>
      inTransaction(this.dataSource, async (manager) => {
        const standing = await this.standings.of(manager, caller);
        const organization = await this.organizationRows.lock(manager, organizationId);
        if (!organization) throw notFound(`The organization '${organizationId}'`, 'organization_id');
        if (!mayManageOrganization(standing, organizationId)) {
          throw denied(standing, 'change the members of this organization', 'one of its admins, or a proxy admin');
        }
        return await work(manager, organization);
      }),
    );
  }
}

/** There is no account of a member of an organisation that a bound could hold for. */
const assertNoBudget = (budget: Budget | undefined): void => {
  if (budget?.maxNanoUsd === undefined && budget?.duration === undefined) return;
  throw invalidRequest(
    'Members of an organization have no budget there. Give them one of their own, or in a team.',
    'max_budget_in_organization',
  );
};
