// Members of teams. Who belongs to a team stands in the team there; what a member has spent and may, in a table of its own.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { TeamMembershipEntity } from '../../schema/entities/team-membership.entity.js';
import { boundsOf } from '../../services/effective-terms.js';
import { memberTerms } from '../../services/principal.js';
import { textOf } from '../../services/stored-terms.js';
import { accountOfMember } from '../../services/teams.js';
import { assertId } from '../../services/terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Noun, type ReadContext, type Taken } from '../noun.js';
import { SourceRow, UnfitRow } from '../source-row.js';
import { NO_BOUNDS } from '../source-terms.js';

type Role = 'admin' | 'user';

/** By user: the role in the team. Older versions have two lists instead of one. */
const rolesOf = (source: SourceRow): Map<string, Role> => {
  const roles = new Map<string, Role>();
  const add = (userId: string, role: Role): void => {
    if (userId !== '' && roles.get(userId) !== 'admin') roles.set(userId, role);
  };
  for (const member of source.list('members_with_roles')) {
    if (!isJsonObject(member)) continue;
    const { user_id: userId, user_email: address, role } = member;
    const id = typeof userId === 'string' && userId !== '' ? userId : idOfAddress(source, address);
    if (id === undefined) source.note(`its member ${String(address ?? 'without a name')} is no user there: left out`);
    else add(id, role === 'admin' ? 'admin' : 'user');
  }
  for (const userId of source.texts('admins')) add(userId, 'admin');
  for (const userId of source.texts('members')) add(userId, 'user');
  return roles;
};

const idOfAddress = (source: SourceRow, address: unknown): string | undefined => {
  const ids = source.columns['ids_of_addresses'];
  const id = isJsonObject(ids) && typeof address === 'string' ? ids[address.toLowerCase()] : undefined;
  return typeof id === 'string' ? id : undefined;
};

/** By user. */
const standingsOf = (source: SourceRow): Map<string, SourceRow> =>
  new Map(
    source
      .list('memberships')
      .filter((row) => isJsonObject(row as JsonObject))
      .map((row) => new SourceRow(row as JsonObject))
      .map((row) => [row.id('user_id'), row]),
  );

const membershipOf = (
  source: SourceRow,
  userId: string,
  role: Role,
  standing: SourceRow,
  { resets }: ReadContext,
): Taken<TeamMembershipEntity> => {
  const row: TeamMembershipEntity = {
    ...NO_BOUNDS,
    ...authorshipOf(source),
    teamId: source.id('team_id'),
    userId,
    role,
    budgetId: standing.text('budget_id'),
    models: [],
  };
  assertId(row.userId, 'user_id');
  const spent = standing.spent('spend');
  const resetAt = resets.get(textOf(row.budgetId));
  const lifetime = Math.max(spent, standing.spent('total_spend'));
  for (const note of standing.notes) source.note(`member ${userId}: ${note}`);
  return { row, spends: [{ account: accountOfMember(row), spent, lifetime, resetAt }] };
};

export const teamMemberships: Noun<TeamMembershipEntity> = {
  name: 'team_memberships',
  source: {
    table: 'LiteLLM_TeamTable',
    joined: {
      memberships: {
        table: 'LiteLLM_TeamMembership',
        select: (table) => `SELECT jsonb_agg(to_jsonb(m)) FROM ${table} m WHERE m.team_id = r->>'team_id'`,
      },
      ids_of_addresses: {
        table: 'LiteLLM_UserTable',
        select: (table) => `SELECT jsonb_object_agg(lower(u.user_email), u.user_id) FROM ${table} u
          WHERE lower(u.user_email) IN (SELECT lower(m->>'user_email') FROM jsonb_array_elements(
            CASE jsonb_typeof(r->'members_with_roles') WHEN 'array' THEN r->'members_with_roles' ELSE '[]' END) m
            WHERE m->>'user_id' IS NULL)`,
      },
    },
  },
  entity: TeamMembershipEntity,
  primaryKey: ['teamId', 'userId'],
  nameOf: named('team_id'),
  refersTo: (source) => ({
    teams: [textOf(source.text('team_id'))],
    budgets: [...standingsOf(source).values()].map((standing) => textOf(standing.text('budget_id'))),
  }),
  read: (source, context) => {
    if (!context.known.teams.has(source.id('team_id'))) throw new UnfitRow('the team is not here');
    const standings = standingsOf(source);
    const roles = rolesOf(source);
    // Who has terms in a team is bounded by them there, on the list or not.
    for (const userId of standings.keys()) if (!roles.has(userId)) roles.set(userId, 'user');
    return [...roles].map(([userId, role]) =>
      membershipOf(source, userId, role, standings.get(userId) ?? new SourceRow({}), context),
    );
  },
  needs: ({ budgetId }) => ({ budgets: [textOf(budgetId)] }),
  boundsOf: (row, { teams, budgets }) => {
    const team = teams.get(row.teamId);
    return team ? boundsOf(accountOfMember(row), memberTerms(row, team, budgets.get(textOf(row.budgetId)))) : [];
  },
  changeOf: ({ userId: id }) => ({ kind: 'user', id }),
};
