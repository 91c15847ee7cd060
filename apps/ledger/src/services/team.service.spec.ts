import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Team } from '@turnpike/rpc';
import {
  AddTeamMembersRequest,
  CreateTeamRequest,
  GenerateKeyRequest,
  ListTeamsRequest,
  UpdateTeamMemberRequest,
  UpdateTeamRequest,
  type PartialOf,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { Changes } from '../repositories/changes.js';
import { OrganizationRepository } from '../repositories/organization.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { AuthorizeService } from './authorize.service.js';
import type { Caller } from './caller.js';
import { KeyService } from './key.service.js';
import { TeamListService } from './team-list.service.js';
import { TeamMemberService } from './team-member.service.js';
import { TeamService } from './team.service.js';

type TeamPart = PartialOf<typeof Team>;

const DENIED = { code: 'GW_PERMISSION_DENIED' };

describeOnEachDatabase('teams', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let teams: TeamService;
  let members: TeamMemberService;
  let lists: TeamListService;

  beforeAll(async () => {
    ledger = await aLedger(database().storage);
    teams = ledger.get(TeamService);
    members = ledger.get(TeamMemberService);
    lists = ledger.get(TeamListService);
  });

  beforeEach(async () => await clear(database().storage));

  const create = async (team: TeamPart = {}, caller: Caller = ADMIN) =>
    (await teams.create(caller, CreateTeamRequest.fromPartial({ team: { teamId: 'red', ...team } }))).team;
  const update = async (changes: TeamPart, updateMask: string[], caller: Caller = ADMIN) =>
    (await teams.update(caller, UpdateTeamRequest.fromPartial({ changes: { teamId: 'red', ...changes }, updateMask })))
      .team;
  const add = (member: PartialOf<typeof AddTeamMembersRequest>, caller: Caller = ADMIN) =>
    members.add(caller, AddTeamMembersRequest.fromPartial({ teamId: 'red', ...member }));
  const aKey = async (userId = '') => {
    const request = GenerateKeyRequest.fromPartial({ key: { teamId: 'red', userId } });
    return (await ledger.get(KeyService).generate(ADMIN, request)).key!.token;
  };
  const authorize = async (token: string) => (await ledger.get(AuthorizeService).authorize(token)).principal!;
  const bounds = async (token: string) =>
    Object.fromEntries((await authorize(token)).accounts.map(({ account, maxNanoUsd }) => [account, maxNanoUsd]));
  const maxOf = async (account: string) =>
    (await ledger.get(BalanceBook).read(database().manager, [account])).get(account)?.max;
  const changesSince = async (since: number) =>
    (await ledger.get(Changes).since(database().manager, since)).changes.map(({ kind, id }) => `${kind} ${id}`);
  const clock = () => ledger.get(Changes).latest(database().manager);

  it('are made with members, of whom those that nobody knew become users', async () => {
    const team = await create({
      teamAlias: 'Red',
      members: [{ userId: 'ann', role: 'admin' }, { userEmail: 'bob@x.org' }],
    });
    expect(team).toMatchObject({ teamId: 'red', teamAlias: 'Red' });
    const roles = new Map(team.members.map(({ userEmail, role }) => [userEmail, role]));
    expect(roles).toEqual(
      new Map([
        ['', 'admin'],
        ['bob@x.org', 'user'],
      ]),
    );
    const [bob] = await ledger.get(UserRepository).findByEmails(database().manager, ['BOB@x.org']);
    expect(team.members.map(({ userId }) => userId).sort()).toEqual(['ann', bob!.userId].sort());
    await expect(create()).rejects.toMatchObject({ code: 'GW_ALREADY_EXISTS' });
  });

  it.each<[string, TeamPart, RegExp]>([
    ['a negative budget', { budget: { maxNanoUsd: -1 } }, /negative/],
    ['an unknown organization', { organizationId: 'nobody' }, /no such organization/],
    ['a role that is none', { members: [{ userId: 'a', role: 'boss' }] }, /'admin' or 'user'/],
    ['a permission that is none', { memberPermissions: ['/config/update'] }, /is none of/],
    ['a colon in the id', { teamId: 'a:b' }, /':'/],
  ])('are not made with %s', async (_title, team, message) => {
    await expect(create(team)).rejects.toThrow(message);
  });

  it('bound their keys and members, and go on doing so when they change', async () => {
    await create({
      budget: { maxNanoUsd: 9 },
      defaultMemberTerms: { budget: { maxNanoUsd: 3 } },
      members: [{ userId: 'ann' }],
    });
    const token = await aKey('ann');
    expect(await bounds(token)).toEqual({ 'team:red': 9, 'member:red:ann': 3 });
    const since = await clock();
    await update({ budget: { maxNanoUsd: 7 }, defaultMemberTerms: { budget: { maxNanoUsd: 2 } } }, [
      'budget',
      'default_member_terms',
    ]);
    expect([await maxOf('team:red'), await maxOf('member:red:ann')]).toEqual([7, 2]);
    expect(await changesSince(since)).toEqual(['team red']);
    await update({}, ['budget', 'default_member_terms']);
    expect(await bounds(token)).toEqual({});
    expect([await maxOf('team:red'), await maxOf('member:red:ann')]).toEqual([undefined, undefined]);
  });

  it('refuse all keys while they are blocked', async () => {
    await create();
    const token = await aKey();
    await teams.block(ADMIN, { teamId: 'red', blocked: true });
    expect((await authorize(token)).refusal).toMatch(/Team=red is blocked/);
    await teams.block(ADMIN, { teamId: 'red', blocked: false });
    expect((await authorize(token)).refusal).toBe('');
  });

  it('take their keys, members and what was spent with them', async () => {
    await create({ budget: { maxNanoUsd: 9 }, members: [{ userId: 'ann' }] });
    const token = await aKey('ann');
    const since = await clock();
    expect(await teams.delete(ADMIN, { teamIds: ['red'] })).toEqual({ deletedTeamIds: ['red'] });
    expect(await changesSince(since)).toEqual([`key ${token}`, 'team red']);
    await expect(authorize(token)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    expect(await database().dataSource.query('SELECT account FROM turnpike.balances')).toEqual([]);
  });

  it('are deleted all or none', async () => {
    await create();
    await expect(teams.delete(ADMIN, { teamIds: ['red', 'gone'] })).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    await expect(lists.get(ADMIN, { teamId: 'red' })).resolves.toBeDefined();
  });

  it('get members with terms of their own, once', async () => {
    await create();
    const { memberships } = await add({
      members: [{ userId: 'ann' }],
      terms: { budget: { maxNanoUsd: 4, duration: '1d' }, models: ['m'] },
    });
    expect(memberships[0]).toMatchObject({ userId: 'ann', terms: { budget: { maxNanoUsd: 4 }, models: ['m'] } });
    const token = await aKey('ann');
    expect(await bounds(token)).toEqual({ 'member:red:ann': 4 });
    expect((await authorize(token)).modelAccess).toEqual([{ owner: 'member', models: ['m'] }]);
    await expect(add({ members: [{ userId: 'bob' }, { userId: 'ann' }] })).rejects.toMatchObject({
      code: 'GW_ALREADY_EXISTS',
    });
    expect((await lists.get(ADMIN, { teamId: 'red' })).memberships.map(({ userId }) => userId)).toEqual(['ann']);
  });

  it('change what members may', async () => {
    await create({ members: [{ userId: 'ann' }] });
    const request = { teamId: 'red', member: { userId: 'ann', role: 'admin' }, terms: { budget: { maxNanoUsd: 6 } } };
    const { member, membership } = await members.update(
      ADMIN,
      UpdateTeamMemberRequest.fromPartial({ ...request, updateMask: ['role', 'budget.max_nano_usd'] }),
    );
    expect([member!.role, membership!.terms!.budget!.maxNanoUsd, await maxOf('member:red:ann')]).toEqual([
      'admin',
      6,
      6,
    ]);
  });

  it('lose members with their keys', async () => {
    await create({ members: [{ userId: 'ann' }, { userId: 'bob' }] });
    const [ofAnn, ofBob] = [await aKey('ann'), await aKey('bob')];
    const { team } = await members.delete(ADMIN, { teamId: 'red', userId: 'ann', userEmail: '' });
    expect(team!.members.map(({ userId }) => userId)).toEqual(['bob']);
    await expect(authorize(ofAnn)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    expect((await authorize(ofBob)).refusal).toBe('');
  });

  it('do not allow everything when the last model is taken away', async () => {
    await create({ models: ['a'] });
    await teams.addModels(ADMIN, { teamId: 'red', models: ['b'] });
    expect((await teams.deleteModels(ADMIN, { teamId: 'red', models: ['a', 'b'] })).team.models).toEqual([
      'no-default-models',
    ]);
    expect((await authorize(await aKey())).modelAccess).toEqual([{ owner: 'team', models: [], withTeamModels: true }]);
  });

  it('are managed by their admins, who do not say what they may spend', async () => {
    await create({ members: [{ userId: 'ann', role: 'admin' }, { userId: 'bob' }] });
    const [ann, bob, eve] = ['ann', 'bob', 'eve'].map((userId) => aCaller('internal_user', userId)) as [
      Caller,
      Caller,
      Caller,
    ];
    await expect(update({ models: ['m'] }, ['models'], ann)).resolves.toMatchObject({ models: ['m'] });
    await expect(update({ budget: { maxNanoUsd: 1 } }, ['budget'], ann)).rejects.toMatchObject(DENIED);
    await expect(add({ members: [{ userId: 'new' }] }, ann)).resolves.toBeDefined();
    await expect(add({ members: [{ userId: 'newer' }] }, bob)).rejects.toMatchObject(DENIED);
    await expect(lists.get(bob, { teamId: 'red' })).resolves.toBeDefined();
    await expect(lists.get(eve, { teamId: 'red' })).rejects.toMatchObject(DENIED);
    await expect(teams.delete(ann, { teamIds: ['red'] })).rejects.toMatchObject(DENIED);
    await expect(create({ teamId: 'blue' }, ann)).rejects.toMatchObject(DENIED);
    expect(
      (await teams.setPermissions(ann, { teamId: 'red', memberPermissions: ['/key/generate'] })).team.memberPermissions,
    ).toEqual(['/key/generate']);
  });

  it('of an organization are its admins’', async () => {
    const { manager } = database();
    for (const organizationId of ['acme', 'other'])
      await ledger.get(OrganizationRepository).insert(manager, { organizationId });
    await ledger.get(UserRepository).insert(manager, { userId: 'olga', userRole: 'org_admin', organizationId: 'acme' });
    const olga = aCaller('org_admin', 'olga');
    await expect(create({ organizationId: 'acme', budget: { maxNanoUsd: 1 } }, olga)).resolves.toMatchObject({
      members: [{ userId: 'olga', role: 'admin' }],
    });
    await expect(create({ teamId: 'blue', organizationId: 'other' }, olga)).rejects.toMatchObject(DENIED);
    await expect(update({ organizationId: 'other' }, ['organization_id'], olga)).rejects.toMatchObject(DENIED);
    await create({ teamId: 'blue', organizationId: 'other' });
    expect((await lists.list(olga, ListTeamsRequest.fromPartial({}))).teams.map(({ teamId }) => teamId)).toEqual([
      'red',
    ]);
  });

  it('are listed to their members, and all to admins and viewers', async () => {
    await create({ members: [{ userId: 'ann' }] });
    await create({ teamId: 'blue' });
    const list = async (caller: Caller) =>
      (await lists.list(caller, ListTeamsRequest.fromPartial({ page: { sortBy: 'team_id' } }))).teams.map(
        ({ teamId }) => teamId,
      );
    expect(await list(ADMIN)).toEqual(['blue', 'red']);
    expect(await list(aCaller('proxy_admin_viewer', 'eve'))).toEqual(['blue', 'red']);
    expect(await list(aCaller('internal_user', 'ann'))).toEqual(['red']);
    expect(await list(aCaller('internal_user', 'eve'))).toEqual([]);
  });
});
