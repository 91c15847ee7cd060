// What everything that reads or changes organisations has in common.
import { Injectable } from '@nestjs/common';
import { accountName } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { Organization } from '@turnpike/rpc';
import type { EntityManager } from 'typeorm';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { OrganizationMembershipRepository } from '../repositories/organization-membership.repository.js';
import type { OrganizationMembershipEntity } from '../schema/entities/organization-membership.entity.js';
import type { OrganizationEntity } from '../schema/entities/organization.entity.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { boundsOf, effectiveTerms, type ScopedBound, type Terms } from './effective-terms.js';
import { fromOrganizationEntity } from './organization.mapper.js';
import { People } from './people.js';
import { textOf } from './stored-terms.js';
import {
  assertBudget,
  assertId,
  assertJson,
  assertLimits,
  assertModelTerms,
  assertName,
  assertNames,
} from './terms.js';

export const accountOfOrganization = (organizationId: string): string => accountName('organization', organizationId);

const ROLES = ['org_admin', 'internal_user', 'internal_user_viewer'];

/** Empty: an ordinary member. */
export const organizationRoleIn = ({ role }: { role: string }): string => {
  if (role === '') return 'internal_user';
  if (ROLES.includes(role)) return role;
  throw invalidRequest(`A member of an organization is one of ${ROLES.join(', ')}, not '${role}'.`, 'role');
};

/** @throws GW_INVALID_REQUEST */
export const assertOrganization = (organization: Organization): void => {
  assertId(organization.organizationId, 'organization_id');
  assertName(organization.organizationAlias, 'organization_alias');
  assertName(organization.budgetId, 'budget_id');
  assertBudget(organization.budget);
  assertLimits(organization.limits);
  assertModelTerms(organization.modelTerms);
  assertNames(organization.models, 'models');
  assertJson(organization.objectPermission, 'object_permission');
  assertJson(organization.metadata, 'metadata');
};

@Injectable()
export class Organizations {
  constructor(
    private readonly memberships: OrganizationMembershipRepository,
    private readonly budgets: BudgetRepository,
    private readonly people: People,
    private readonly bounds: BoundsKeeper,
  ) {}

  /** With members and what was spent. In the order of the rows. */
  async toMessages(manager: EntityManager, organizations: readonly OrganizationEntity[]): Promise<Organization[]> {
    const ids = organizations.map(({ organizationId }) => organizationId);
    const members = await this.memberships.ofOrganizations(manager, ids);
    const emails = await this.people.emails(
      manager,
      members.map(({ userId }) => userId),
    );
    const membersOf = Map.groupBy(members, ({ organizationId }) => organizationId);
    const terms = await this.termsOf(manager, organizations);
    const entities = ids.map((id, index) => ({ account: accountOfOrganization(id), terms: terms[index]! }));
    const spent = await this.bounds.spentOf(manager, entities);
    return organizations.map((organization) => {
      const { organizationId } = organization;
      const own = (membersOf.get(organizationId) ?? []).map((member) => toMember(member, emails));
      return fromOrganizationEntity(organization, own, spent.get(accountOfOrganization(organizationId)));
    });
  }

  async toMessage(manager: EntityManager, organization: OrganizationEntity): Promise<Organization> {
    return (await this.toMessages(manager, [organization]))[0]!;
  }

  async boundsOf(manager: EntityManager, organization: OrganizationEntity): Promise<ScopedBound[]> {
    const [terms] = await this.termsOf(manager, [organization]);
    return boundsOf(accountOfOrganization(organization.organizationId), terms!);
  }

  private async termsOf(manager: EntityManager, organizations: readonly OrganizationEntity[]): Promise<Terms[]> {
    const ids = organizations.map(({ budgetId }) => budgetId).filter((id) => id !== null);
    const shared = new Map((await this.budgets.findMany(manager, ids)).map((budget) => [budget.budgetId, budget]));
    return organizations.map((organization) => effectiveTerms(organization, shared.get(textOf(organization.budgetId))));
  }
}

const toMember = (
  { userId, role, budgetId, createdAt }: OrganizationMembershipEntity,
  emails: ReadonlyMap<string, string>,
): Organization['members'][number] => ({
  userId,
  userEmail: emails.get(userId) ?? '',
  role,
  budgetId: textOf(budgetId),
  // What somebody spends is counted for the organisation as a whole, and for the teams and keys in it.
  spendNanoUsd: 0,
  joinedAt: createdAt,
});
