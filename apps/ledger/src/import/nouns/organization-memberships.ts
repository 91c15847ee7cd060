import { OrganizationMembershipEntity } from '../../schema/entities/organization-membership.entity.js';
import { textOf } from '../../services/stored-terms.js';
import { assertId } from '../../services/terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Noun } from '../noun.js';
import type { SourceRow } from '../source-row.js';

const ROLES = ['org_admin', 'internal_user', 'internal_user_viewer'];

const roleOf = (source: SourceRow): string => {
  const role = source.text('user_role') ?? 'internal_user';
  if (ROLES.includes(role)) return role;
  source.note(`user_role ${role.slice(0, 40)} is no role of members: taken as internal_user`);
  return 'internal_user';
};

/** What members spend is counted for the organisation as a whole here. */
export const organizationMemberships: Noun<OrganizationMembershipEntity> = {
  name: 'organization_memberships',
  source: { table: 'LiteLLM_OrganizationMembership' },
  entity: OrganizationMembershipEntity,
  primaryKey: ['organizationId', 'userId'],
  nameOf: named('organization_id', 'user_id'),
  refersTo: (source) => ({
    organizations: [textOf(source.text('organization_id'))],
    budgets: [textOf(source.text('budget_id'))],
  }),
  read: (source) => {
    const row: OrganizationMembershipEntity = {
      ...authorshipOf(source),
      organizationId: source.id('organization_id'),
      userId: source.id('user_id'),
      role: roleOf(source),
      budgetId: source.text('budget_id'),
    };
    assertId(row.userId, 'user_id');
    return [{ row }];
  },
  needs: ({ organizationId, budgetId }) => ({ organizations: [organizationId], budgets: [textOf(budgetId)] }),
  changeOf: ({ userId: id }) => ({ kind: 'user', id }),
};
