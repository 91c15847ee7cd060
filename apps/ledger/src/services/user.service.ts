// Makes, changes and deletes users.
import { Inject, Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import { formatUsd } from '@turnpike/pricing';
import {
  User,
  VirtualKey,
  type CreateUserRequest,
  type CreateUserResponse,
  type DeleteUsersRequest,
  type DeleteUsersResponse,
  type GenerateKeyRequest,
  type NewMembership,
  type ResetUserSpendRequest,
  type ResetUserSpendResponse,
  type UpdateUserRequest,
  type UpdateUserResponse,
} from '@turnpike/rpc';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DataSource, type EntityManager } from 'typeorm';
import { OrganizationMembershipRepository } from '../repositories/organization-membership.repository.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { UserEntity } from '../schema/entities/user.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { authorOf, isAdmin, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { assertNoPolicies } from './key-checks.js';
import { KeyService } from './key.service.js';
import { Keys } from './keys.js';
import { LEDGER_SETTINGS, type LedgerSettings } from './ledger-settings.js';
import { hashPassword } from './password.js';
import { traceOfOrganizationMember, traceOfTeamMember } from './membership-traces.js';
import { People } from './people.js';
import { denied, mayManageTeam, mayManageUser, type Standing } from './permissions.js';
import { Recorder, traceOf, type Deed, type Trace } from './recorder.js';
import { Standings } from './standings.js';
import { toBoundColumns } from './stored-terms.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { assertMemberTerms } from './team-checks.js';
import { roleIn } from './team-roles.js';
import { accountOfMember, ownersOfTeam, Teams } from './teams.js';
import { assertMoney } from './terms.js';
import { assertUser, withUserDefaults } from './user-checks.js';
import { toUserColumns } from './user.mapper.js';
import { accountOfUser, boundsOfUser, Users } from './users.js';

const FIXED: (keyof User)[] = ['userId', 'teamIds', 'spendNanoUsd', 'modelSpendNanoUsd', 'hasPassword', 'authorship'];

/** What people may change of themselves. */
const OWN: ReadonlySet<keyof User> = new Set(['userAlias']);

const ADMINS = 'a proxy admin, or an admin of their organization';

@Injectable()
export class UserService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: UserRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly organizationMemberships: OrganizationMembershipRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly users: Users,
    private readonly people: People,
    private readonly teams: Teams,
    private readonly keys: Keys,
    private readonly keyService: KeyService,
    private readonly standings: Standings,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
  ) {}

  async create(caller: Caller, request: CreateUserRequest): Promise<CreateUserResponse> {
    const asked = withUserDefaults(request.user ?? User.fromPartial({}), this.settings.default_internal_user_params);
    assertUser(asked);
    assertNoPolicies(asked.policies);
    const userId = asked.userId || randomUUID();
    const password = request.password ? await hashPassword(request.password) : null;
    const organizationIds = new Set([
      ...request.organizationIds,
      ...(asked.organizationId ? [asked.organizationId] : []),
    ]);
    return await this.transact(userId, asked, async (manager) => {
      const standing = await this.standings.of(manager, caller);
      this.assertMayMake(standing, asked, [...organizationIds]);
      await this.assertFreeAddress(manager, asked.userEmail);
      const author = authorOf(caller);
      const user = await this.repository.insert(manager, {
        ...toUserColumns(asked),
        userId,
        password,
        createdBy: author,
        updatedBy: author,
      });
      const joined: Trace[] = [];
      for (const organizationId of organizationIds) {
        const role = asked.userRole === 'org_admin' ? 'org_admin' : 'internal_user';
        const member = { organizationId, userId, role, createdBy: author };
        const membership = await this.organizationMemberships.insert(manager, member);
        joined.push(traceOfOrganizationMember({ action: 'created', after: membership }, membership));
      }
      await this.bounds.change(manager, [], boundsOfUser(user));
      for (const membership of request.memberships) joined.push(await this.join(manager, standing, userId, membership));
      const made = request.key && (await this.keyService.make(manager, caller, withOwner(request.key, userId)));
      const message = await this.users.toMessage(manager, user);
      const own = traceOfUser({ action: 'created', id: userId, after: user });
      await this.recorder.record(manager, caller, traceOf(own, ...joined, ...(made ? [made.trace] : [])));
      return { user: message, secret: made?.response.secret ?? '', key: made?.response.key };
    });
  }

  async update(caller: Caller, request: UpdateUserRequest): Promise<UpdateUserResponse> {
    const changes = request.changes ?? User.fromPartial({});
    const password = request.password ? await hashPassword(request.password) : undefined;
    return await this.transact(request.userId, changes, async (manager) => {
      const standing = await this.standings.of(manager, caller);
      const { userId } = await this.people.get(manager, request);
      const before = await this.repository.lock(manager, userId);
      if (!before) throw notFound(`The user '${userId}'`, 'user_id');
      const current = await this.users.toMessage(manager, before);
      const wished = applyMask(current, changes, request.updateMask ?? [], FIXED);
      assertUser(wished);
      if (!isDeepStrictEqual(wished.policies, current.policies)) assertNoPolicies(wished.policies);
      await this.assertMayChange(manager, standing, before, current, wished);
      if (wished.userEmail !== current.userEmail) await this.assertFreeAddress(manager, wished.userEmail, userId);
      const user = await this.repository.update(manager, userId, {
        ...toUserColumns(wished),
        ...(password && { password }),
        updatedBy: authorOf(caller),
      });
      await this.bounds.change(manager, boundsOfUser(before), boundsOfUser(user!));
      const message = await this.users.toMessage(manager, user!);
      const trace = traceOfUser({ action: 'updated', id: userId, before, after: user });
      await this.recorder.record(manager, caller, trace);
      return { user: message };
    });
  }

  async delete(caller: Caller, { userIds }: DeleteUsersRequest): Promise<DeleteUsersResponse> {
    if (userIds.length === 0) throw invalidRequest('Name at least one user.', 'user_ids');
    return await this.transact('', undefined, async (manager) => {
      const standing = await this.standings.of(manager, caller);
      const found = await this.repository.findMany(manager, userIds);
      const known = new Set(found.map(({ userId }) => userId));
      const missing = userIds.find((id) => !known.has(id));
      if (missing !== undefined) throw notFound(`The user '${missing}'`, 'user_ids');
      for (const user of found) {
        const organizationIds = await this.users.organizationIds(manager, user);
        if (!mayManageUser(standing, { organizationIds })) throw denied(standing, 'delete these users', ADMINS);
        assertRank(standing, user.userRole ?? '');
      }
      const ids = [...known];
      const removed = await this.keys.remove(
        manager,
        caller,
        await this.virtualKeys.ofOwner(manager, { userIds: ids }),
      );
      const left = await this.memberships.deleteOfUsers(manager, ids);
      const leftToo = await this.organizationMemberships.deleteOfUsers(manager, ids);
      await this.repository.delete(manager, ids);
      await this.bounds.close(manager, [...ids.map(accountOfUser), ...left.map(accountOfMember)]);
      const own = found.map((before) => traceOfUser({ action: 'deleted', id: before.userId, before }));
      const gone = [
        ...left.map((before) => traceOfTeamMember({ action: 'deleted', before }, before)),
        ...leftToo.map((before) => traceOfOrganizationMember({ action: 'deleted', before }, before)),
      ];
      await this.recorder.record(manager, caller, traceOf(removed, ...gone, ...own));
      return { deletedUserIds: ids };
    });
  }

  async resetSpend(caller: Caller, { userId, resetToNanoUsd }: ResetUserSpendRequest): Promise<ResetUserSpendResponse> {
    assertMoney(resetToNanoUsd, 'reset_to');
    return await this.transact(userId, undefined, async (manager) => {
      const standing = await this.standings.of(manager, caller);
      const user = await this.people.get(manager, { userId, userEmail: '' });
      const organizationIds = await this.users.organizationIds(manager, user);
      if (!mayManageUser(standing, { organizationIds })) throw denied(standing, 'reset what they spent', ADMINS);
      const { spendNanoUsd } = await this.users.toMessage(manager, user);
      if (resetToNanoUsd > spendNanoUsd) {
        throw invalidRequest(`reset_to is more than what was spent: ${formatUsd(spendNanoUsd)} USD.`, 'reset_to');
      }
      await this.bounds.setSpent(manager, accountOfUser(userId), resetToNanoUsd);
      const message = await this.users.toMessage(manager, user);
      const before = { spend_nano_usd: spendNanoUsd };
      const after = { spend_nano_usd: resetToNanoUsd };
      await this.recorder.record(manager, caller, {
        deeds: [{ action: 'spend_reset', table: 'user', id: userId, before, after }],
        changes: [{ kind: 'account', id: accountOfUser(userId) }],
      });
      return { user: message };
    });
  }

  private async transact<T>(
    userId: string,
    user: User | undefined,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const meanings: Meanings = {
      users_pkey: () => alreadyExists(`The user '${userId}'`, 'user_id'),
      sso_user_id: () => alreadyExists(`A user with the sso_user_id '${user?.ssoUserId}'`, 'sso_user_id'),
      key_alias: () => alreadyExists('A key with this alias', 'key_alias'),
    };
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }

  private assertMayMake(standing: Standing, user: User, organizationIds: readonly string[]): void {
    const isWithin = organizationIds.length > 0 && organizationIds.every((id) => standing.organizations.has(id));
    if (!isAdmin(standing.caller) && !isWithin) throw denied(standing, 'make this user', ADMINS);
    assertRank(standing, user.userRole);
  }

  private async assertMayChange(
    manager: EntityManager,
    standing: Standing,
    before: UserEntity,
    current: User,
    wished: User,
  ): Promise<void> {
    if (isAdmin(standing.caller)) return;
    assertRank(standing, current.userRole, wished.userRole);
    const organizationIds = await this.users.organizationIds(manager, before);
    const staysWithin =
      wished.organizationId === current.organizationId || standing.organizations.has(wished.organizationId);
    if (mayManageUser(standing, { organizationIds }) && staysWithin) return;
    const changed = (Object.keys(wished) as (keyof User)[]).filter(
      (name) => JSON.stringify(wished[name]) !== JSON.stringify(current[name]),
    );
    const isOwn = standing.caller.userId === before.userId && standing.caller.role !== 'proxy_admin_viewer';
    if (!isOwn || !changed.every((name) => OWN.has(name))) {
      throw denied(standing, isOwn ? 'change this of yourself' : 'change this user', ADMINS);
    }
  }

  private async assertFreeAddress(manager: EntityManager, email: string, userId?: string): Promise<void> {
    if (!email) return;
    const others = await this.repository.findByEmails(manager, [email]);
    if (others.some((other) => other.userId !== userId)) {
      throw alreadyExists(`A user with the address ${email}`, 'user_email');
    }
  }

  private async join(
    manager: EntityManager,
    standing: Standing,
    userId: string,
    { teamId, role, terms }: NewMembership,
  ): Promise<Trace> {
    const team = await this.teams.lock(manager, teamId);
    if (!mayManageTeam(standing, ownersOfTeam(team))) {
      throw denied(standing, `add members to the team '${teamId}'`, 'one of its admins');
    }
    assertMemberTerms(terms);
    const membership = await this.memberships.insert(manager, {
      ...toBoundColumns(terms?.budget, terms?.limits),
      models: terms?.models ?? [],
      teamId,
      userId,
      role: roleIn({ role }),
      createdBy: authorOf(standing.caller),
    });
    await this.bounds.change(manager, [], await this.teams.memberBounds(manager, team, [membership]));
    return traceOfTeamMember({ action: 'created', after: membership }, membership);
  }
}

/** Nobody makes, changes or deletes somebody above themselves. */
const assertRank = (standing: Standing, ...roles: string[]): void => {
  if (!isAdmin(standing.caller) && roles.some((role) => role.startsWith('proxy_admin'))) {
    throw denied(standing, 'make, change or delete a proxy admin', 'a proxy admin');
  }
};

const withOwner = (request: GenerateKeyRequest, userId: string): GenerateKeyRequest => ({
  ...request,
  key: { ...(request.key ?? VirtualKey.fromPartial({})), userId },
});

const traceOfUser = (deed: Omit<Deed, 'table'>): Trace => ({
  deeds: [{ ...deed, table: 'user' }],
  changes: [{ kind: 'user', id: deed.id }],
});
