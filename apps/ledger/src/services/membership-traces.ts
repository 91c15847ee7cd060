// What is recorded of members of teams and organizations, wherever they come or go. Gateways know members by their user.
import type { OrganizationMembershipEntity } from '../schema/entities/organization-membership.entity.js';
import type { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import type { Deed, Trace } from './recorder.js';

type MemberDeed = Omit<Deed, 'table' | 'id'>;

export const traceOfTeamMember = (
  deed: MemberDeed,
  { teamId, userId }: Pick<TeamMembershipEntity, 'teamId' | 'userId'>,
): Trace => ({
  deeds: [{ ...deed, table: 'teamMembership', id: `${teamId}:${userId}` }],
  changes: [{ kind: 'user', id: userId }],
});

export const traceOfOrganizationMember = (
  deed: MemberDeed,
  { organizationId, userId }: Pick<OrganizationMembershipEntity, 'organizationId' | 'userId'>,
): Trace => ({
  deeds: [{ ...deed, table: 'organizationMembership', id: `${organizationId}:${userId}` }],
  changes: [{ kind: 'user', id: userId }],
});
