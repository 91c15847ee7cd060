import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { User } from '@turnpike/rpc';
import { CreateUserRequest, GetUserRequest, ListUsersRequest, UpdateUserRequest, type PartialOf } from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { OrganizationRepository } from '../repositories/organization.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { AuthorizeService } from './authorize.service.js';
import type { Caller } from './caller.js';
import type { LedgerSettings } from './ledger-settings.js';
import { isPassword } from './password.js';
import { UserListService } from './user-list.service.js';
import { UserService } from './user.service.js';

const DENIED = { code: 'GW_PERMISSION_DENIED' };

describeOnEachDatabase('users', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let users: UserService;
  let lists: UserListService;
  const settings: LedgerSettings = {};

  beforeAll(async () => {
    ledger = await aLedger(database().storage, { settings });
    users = ledger.get(UserService);
    lists = ledger.get(UserListService);
  });

  beforeEach(async () => {
    delete settings.default_internal_user_params;
    await clear(database().storage);
  });

  const create = (request: PartialOf<typeof CreateUserRequest>, caller: Caller = ADMIN) =>
    users.create(caller, CreateUserRequest.fromPartial(request));
  const update = (
    userId: string,
    changes: PartialOf<typeof User>,
    updateMask: string[],
    caller: Caller = ADMIN,
    password = '',
  ) => users.update(caller, UpdateUserRequest.fromPartial({ userId, changes, updateMask, password }));
  const get = (caller: Caller, request: PartialOf<typeof GetUserRequest> = {}) =>
    lists.get(caller, GetUserRequest.fromPartial(request));

  it('are made with a key, teams and a password that nobody reads', async () => {
    await ledger.get(TeamRepository).insert(database().manager, { teamId: 'red' });
    const made = await create({
      user: { userId: 'ann', userEmail: 'ann@x.org', budget: { maxNanoUsd: 5 } },
      password: 'correct horse',
      memberships: [{ teamId: 'red', role: 'admin', terms: { budget: { maxNanoUsd: 2 } } }],
      key: { key: { models: ['m'] } },
    });
    expect(made.user).toMatchObject({ userId: 'ann', userRole: 'internal_user', teamIds: ['red'], hasPassword: true });
    const { principal } = await ledger.get(AuthorizeService).authorize(made.key!.token);
    expect(principal).toMatchObject({
      userId: 'ann',
      userEmail: 'ann@x.org',
      role: 'internal_user',
      accounts: [{ account: 'user:ann', maxNanoUsd: 5 }],
    });
    const { password } = (await ledger.get(UserRepository).find(database().manager, 'ann'))!;
    expect(await isPassword('correct horse', password!)).toBe(true);
    expect(JSON.stringify(await database().dataSource.query('SELECT * FROM turnpike.audit_log'))).not.toContain(
      password,
    );
  });

  it.each<[string, PartialOf<typeof CreateUserRequest>, string]>([
    ['the same id', { user: { userId: 'ann' } }, 'GW_ALREADY_EXISTS'],
    ['the same address in other letters', { user: { userEmail: 'ANN@x.org' } }, 'GW_ALREADY_EXISTS'],
    ['the same sign-on', { user: { ssoUserId: 'sso' } }, 'GW_ALREADY_EXISTS'],
    ['a role of keys', { user: { userRole: 'customer' } }, 'GW_INVALID_REQUEST'],
    ['no address', { user: { userEmail: 'ann' } }, 'GW_INVALID_REQUEST'],
    ['a short password', { password: 'short' }, 'GW_INVALID_REQUEST'],
    ['a team that is not there', { memberships: [{ teamId: 'gone' }] }, 'GW_NOT_FOUND'],
    ['an organization that is not there', { organizationIds: ['gone'] }, 'GW_INVALID_REQUEST'],
  ])('are not made with %s', async (_title, request, code) => {
    await create({ user: { userId: 'ann', userEmail: 'ann@x.org', ssoUserId: 'sso' } });
    await expect(create(request)).rejects.toMatchObject({ code });
    expect((await lists.list(ADMIN, ListUsersRequest.fromPartial({}))).page!.totalCount).toBe(1);
  });

  it('get the defaults of the configuration', async () => {
    settings.default_internal_user_params = { user_role: 'internal_user_viewer', max_budget: 1.5, models: ['m'] };
    const { user } = await create({});
    expect(user).toMatchObject({ userRole: 'internal_user_viewer', budget: { maxNanoUsd: 1.5e9 }, models: ['m'] });
  });

  it('change little of themselves', async () => {
    await create({ user: { userId: 'ann' } });
    const ann = aCaller('internal_user', 'ann');
    await expect(update('ann', { userAlias: 'Ann' }, ['user_alias'], ann, 'correct horse')).resolves.toMatchObject({
      user: { userAlias: 'Ann', hasPassword: true },
    });
    await expect(update('ann', { userRole: 'proxy_admin' }, ['user_role'], ann)).rejects.toMatchObject(DENIED);
    await expect(update('ann', { budget: { maxNanoUsd: 9 } }, ['budget'], ann)).rejects.toMatchObject(DENIED);
    await expect(update('ann', {}, [], aCaller('internal_user', 'eve'), 'correct horse')).rejects.toMatchObject(DENIED);
  });

  it('of an organization are its admins’, but for those above them', async () => {
    const { manager } = database();
    await ledger.get(OrganizationRepository).insert(manager, { organizationId: 'acme' });
    await create({ user: { userId: 'olga', userRole: 'org_admin', organizationId: 'acme' } });
    await create({ user: { userId: 'root', userRole: 'proxy_admin', organizationId: 'acme' } });
    const olga = aCaller('org_admin', 'olga');
    await expect(create({ user: { userId: 'ann' }, organizationIds: ['acme'] }, olga)).resolves.toBeDefined();
    await expect(create({ user: { userId: 'bob' } }, olga)).rejects.toMatchObject(DENIED);
    await expect(create({ user: { userRole: 'proxy_admin' }, organizationIds: ['acme'] }, olga)).rejects.toMatchObject(
      DENIED,
    );
    await expect(update('ann', { budget: { maxNanoUsd: 1 } }, ['budget'], olga)).resolves.toBeDefined();
    await expect(update('ann', { userRole: 'proxy_admin' }, ['user_role'], olga)).rejects.toMatchObject(DENIED);
    await expect(update('root', {}, [], olga, 'correct horse')).rejects.toMatchObject(DENIED);
    await expect(users.delete(olga, { userIds: ['root'] })).rejects.toMatchObject(DENIED);
    await expect(users.delete(olga, { userIds: ['ann'] })).resolves.toEqual({ deletedUserIds: ['ann'] });
    const { users: seen } = await lists.list(olga, ListUsersRequest.fromPartial({ page: { sortBy: 'user_id' } }));
    expect(seen.map(({ userId }) => userId)).toEqual(['olga', 'root']);
  });

  it('take keys and memberships with them', async () => {
    await ledger.get(TeamRepository).insert(database().manager, { teamId: 'red' });
    const { key } = await create({
      user: { userId: 'ann', budget: { maxNanoUsd: 5 } },
      memberships: [{ teamId: 'red' }],
      key: {},
    });
    await expect(users.delete(ADMIN, { userIds: ['ann', 'gone'] })).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    await users.delete(ADMIN, { userIds: ['ann'] });
    await expect(ledger.get(AuthorizeService).authorize(key!.token)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    expect(await database().dataSource.query('SELECT * FROM turnpike.team_memberships')).toEqual([]);
    expect(await database().dataSource.query('SELECT * FROM turnpike.balances')).toEqual([]);
  });

  it('see themselves, with keys and teams, and nobody else', async () => {
    await create({ user: { userId: 'ann', userEmail: 'ann@x.org' }, key: {} });
    const ann = aCaller('internal_user', 'ann');
    const own = await get(ann, { includeKeys: true });
    expect([own.user!.userId, own.keys.length]).toEqual(['ann', 1]);
    expect((await get(ADMIN, { userEmail: 'ANN@X.ORG' })).user!.userId).toBe('ann');
    await expect(get(aCaller('internal_user', 'eve'), { userId: 'ann' })).rejects.toMatchObject(DENIED);
    await expect(get(aCaller('internal_user', 'eve'), { userId: 'gone' })).rejects.toMatchObject(DENIED);
    await expect(get(ADMIN, { userId: 'gone' })).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    expect((await get(ADMIN)).user).toMatchObject({ userId: 'default_user_id', userRole: 'proxy_admin' });
    await expect(lists.list(ann, ListUsersRequest.fromPartial({}))).rejects.toMatchObject(DENIED);
  });
});
