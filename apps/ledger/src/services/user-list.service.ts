// Looks at users: one with keys and teams, or many.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import type { GetUserRequest, GetUserResponse, ListUsersRequest, ListUsersResponse, User } from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository, type UserFilter } from '../repositories/user.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import { MASTER_USER_ID, seesAll, type Caller } from './caller.js';
import { Keys } from './keys.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { People } from './people.js';
import { denied, maySeeUser, type Standing } from './permissions.js';
import { Standings } from './standings.js';
import { storing } from './storing.js';
import { Teams } from './teams.js';
import { Users } from './users.js';

@Injectable()
export class UserListService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: UserRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly teamRows: TeamRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly users: Users,
    private readonly people: People,
    private readonly teams: Teams,
    private readonly keys: Keys,
    private readonly standings: Standings,
  ) {}

  async get(caller: Caller, request: GetUserRequest): Promise<GetUserResponse> {
    const isOwn = !request.userId && !request.userEmail;
    if (isOwn && !caller.userId) throw invalidRequest('This key belongs to no user. Name one.', 'user_id');
    const name = isOwn ? { userId: caller.userId!, userEmail: '' } : request;
    return await storing(async () => {
      const { manager } = this.dataSource;
      const standing = await this.standings.of(manager, caller);
      const user = await this.userOf(manager, standing, name);
      const { userId } = user;
      const keys = request.includeKeys ? await this.virtualKeys.ofOwner(manager, { userIds: [userId] }) : [];
      const teams = request.includeTeams ? await this.teamRows.findMany(manager, user.teamIds) : [];
      return {
        user,
        keys: await this.keys.toMessages(manager, keys),
        teams: await this.teams.toMessages(manager, teams),
      };
    });
  }

  async list(caller: Caller, request: ListUsersRequest): Promise<ListUsersResponse> {
    const query = toPageQuery(request.page);
    return await storing(async () => {
      const { manager } = this.dataSource;
      const standing = await this.standings.of(manager, caller);
      const { rows, totalCount } = await this.repository.page(manager, filterOf(standing, request), query);
      const counts = await this.virtualKeys.countByUser(
        manager,
        rows.map(({ userId }) => userId),
      );
      return {
        users: await this.users.toMessages(manager, rows),
        page: pageInfoOf(query, totalCount),
        keyCounts: Object.fromEntries(counts),
      };
    });
  }

  /** Keys may name users that nobody made, and the master key's user is in no table. */
  private async userOf(
    manager: EntityManager,
    standing: Standing,
    name: { userId: string; userEmail: string },
  ): Promise<User> {
    const { caller } = standing;
    const user = await this.people.find(manager, name);
    const isOwn = name.userId !== '' && name.userId === caller.userId;
    if (!user && isOwn) return await this.unmade(manager, caller, name.userId);
    // To those who may not see users at all, one that does not exist looks like any other.
    const organizationIds = user ? await this.users.organizationIds(manager, user) : [];
    if (!maySeeUser(standing, { userId: user?.userId ?? '', organizationIds })) {
      throw denied(standing, 'see this user', 'themselves, or an admin of their organization');
    }
    return await this.users.toMessage(manager, user ?? (await this.people.get(manager, name)));
  }

  private async unmade(manager: EntityManager, { role }: Caller, userId: string): Promise<User> {
    const memberships = await this.memberships.ofUsers(manager, [userId]);
    return {
      userId,
      userAlias: userId === MASTER_USER_ID ? 'Admin' : '',
      userEmail: '',
      userRole: role ?? '',
      ssoUserId: '',
      organizationId: '',
      teamIds: memberships.map(({ teamId }) => teamId),
      budget: undefined,
      limits: undefined,
      modelTerms: {},
      spendNanoUsd: 0,
      modelSpendNanoUsd: {},
      models: [],
      allowedCacheControls: [],
      objectPermission: undefined,
      policies: [],
      metadata: undefined,
      hasPassword: false,
      authorship: undefined,
    };
  }
}

const filterOf = (standing: Standing, request: ListUsersRequest): UserFilter => {
  const { userRole, userIds, userEmail, teamId, organizationId, ssoUserIds } = request;
  const filter: UserFilter = {
    userRole: userRole || undefined,
    userIds: userIds.length > 0 ? userIds : undefined,
    ssoUserIds: ssoUserIds.length > 0 ? ssoUserIds : undefined,
    emailPart: userEmail || undefined,
    teamId: teamId || undefined,
    organizationIds: organizationId ? [organizationId] : undefined,
  };
  const { caller, organizations, teams } = standing;
  if (seesAll(caller)) return filter;
  if (organizations.size > 0) {
    const within = [...organizations].filter((id) => !organizationId || id === organizationId);
    return { ...filter, organizationIds: within };
  }
  if (teamId && teams.get(teamId)?.isAdmin) return filter;
  throw denied(standing, 'list users', 'an admin of the proxy, of an organization, or of the team that you name');
};
