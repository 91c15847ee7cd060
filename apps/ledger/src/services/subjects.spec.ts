import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  AuthorizeSubjectRequest,
  BlockTeamRequest,
  CreateTeamRequest,
  CreateUserRequest,
  type PartialOf,
  type Team,
  type User,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aLedger, clear } from '../../test/services.js';
import { Changes } from '../repositories/changes.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { AuthorizeService } from './authorize.service.js';
import type { LedgerSettings } from './ledger-settings.js';
import { TeamService } from './team.service.js';
import { UserService } from './user.service.js';

const UNKNOWN = { code: 'GW_NOT_FOUND' };

describeOnEachDatabase('whom a token of another issuer is for', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  const settings: LedgerSettings = {};

  beforeAll(async () => {
    ledger = await aLedger(database().storage, { settings, budget: { maxBudgetUsd: 100 } });
  });
  beforeEach(async () => {
    delete settings.default_internal_user_params;
    await clear(database().storage);
  });

  const ask = async (request: PartialOf<typeof AuthorizeSubjectRequest>) =>
    (await ledger.get(AuthorizeService).authorizeSubject(AuthorizeSubjectRequest.fromPartial(request))).principal!;
  const aTeam = (team: PartialOf<typeof Team>) =>
    ledger.get(TeamService).create(ADMIN, CreateTeamRequest.fromPartial({ team }));
  const aUser = (user: PartialOf<typeof User>, memberships: PartialOf<typeof CreateUserRequest>['memberships'] = []) =>
    ledger.get(UserService).create(ADMIN, CreateUserRequest.fromPartial({ user, memberships }));
  const accountsOf = async (request: PartialOf<typeof AuthorizeSubjectRequest>) =>
    (await ask(request)).accounts.map(({ account, maxNanoUsd }) => `${account} ${maxNanoUsd / 1e9}`);

  it('is a team, with its terms and without a key', async () => {
    await aTeam({
      teamId: 'red',
      teamAlias: 'Red',
      models: ['m'],
      budget: { maxNanoUsd: 5e9 },
      limits: { rpm: 7 },
    });
    expect(await ask({ teamId: 'red' })).toMatchObject({
      keyHash: '',
      keyAlias: '',
      teamId: 'red',
      teamAlias: 'Red',
      userId: '',
      role: 'team',
      refusal: '',
      modelAccess: [{ owner: 'team', models: ['m'] }],
      limits: [{ scope: 'team:red', limits: { rpm: 7 } }],
    });
    expect(await accountsOf({ teamId: 'red' })).toEqual(['team:red 5', 'installation 100']);
  });

  it('is a user, who pays alone; in a team it is the team that pays, and its member', async () => {
    await aTeam({ teamId: 'red', budget: { maxNanoUsd: 5e9 } });
    await aUser({ userId: 'auth0|ada', budget: { maxNanoUsd: 3e9 } }, [
      { teamId: 'red', terms: { budget: { maxNanoUsd: 1e9 } } },
    ]);
    expect(await accountsOf({ userId: 'auth0|ada' })).toEqual(['user:auth0%7Cada 3', 'installation 100']);
    expect(await accountsOf({ userId: 'auth0|ada', teamId: 'red' })).toEqual([
      'team:red 5',
      'member:red:auth0%7Cada 1',
      'installation 100',
    ]);
  });

  it('has the role and the teams that the issuer says, and keeps the others of the teams', async () => {
    for (const teamId of ['red', 'blue', 'green']) await aTeam({ teamId });
    await aUser({ userId: 'ada', userRole: 'internal_user_viewer' }, [{ teamId: 'red' }, { teamId: 'green' }]);
    await aUser({ userId: 'bob' }, [{ teamId: 'red' }]);
    const sync = { role: 'internal_user', teamIds: ['blue', 'green', 'unknown'], setsTeams: true };
    const teamsOf = async (userId: string) => {
      const found = await ledger.get(TeamMembershipRepository).ofUsers(database().manager, [userId]);
      return found.map(({ teamId }) => teamId).sort();
    };
    const since = await ledger.get(Changes).latest(database().manager);
    const [one] = await Promise.all([ask({ userId: 'ada', sync }), ask({ userId: 'ada', teamId: 'blue', sync })]);
    expect(one.role).toBe('internal_user');
    expect(await teamsOf('ada')).toEqual(['blue', 'green']);
    expect(await teamsOf('bob')).toEqual(['red']);
    const { sequence } = await ledger.get(Changes).since(database().manager, since);
    expect(sequence).toBeGreaterThan(since);
    // Where all is as it should be, nothing is written.
    await ask({ userId: 'ada', sync });
    expect(await ledger.get(Changes).latest(database().manager)).toBe(sequence);
    // Nothing is said of teams, and of the role.
    await ask({ userId: 'ada', sync: { role: '', teamIds: [], setsTeams: false } });
    expect(await teamsOf('ada')).toEqual(['blue', 'green']);
    await ask({ userId: 'ada', sync: { role: '', teamIds: [], setsTeams: true } });
    expect(await teamsOf('ada')).toEqual([]);
    // Who is not known is made first.
    await aTeam({ teamId: 'new' });
    await ask({ userId: 'eve', upsertUser: true, sync: { role: 'internal_user', teamIds: ['new'], setsTeams: true } });
    expect(await teamsOf('eve')).toEqual(['new']);
  });

  it('is refused where it is blocked', async () => {
    await aTeam({ teamId: 'red' });
    await ledger.get(TeamService).block(ADMIN, BlockTeamRequest.fromPartial({ teamId: 'red', blocked: true }));
    expect((await ask({ teamId: 'red' })).refusal).toContain('Team=red is blocked');
  });

  it('is found by address where its id is another', async () => {
    await aUser({ userId: 'ada', userEmail: 'Ada@example.com' });
    expect(await ask({ userId: 'oidc-1', userEmail: 'ada@EXAMPLE.com' })).toMatchObject({ userId: 'ada' });
    expect(await ask({ userEmail: 'ada@example.com' })).toMatchObject({ userId: 'ada' });
  });

  it.each<[string, PartialOf<typeof AuthorizeSubjectRequest>]>([
    ['a team', { teamId: 'blue' }],
    ['a user', { userId: 'bob' }],
    ['an address', { userEmail: 'bob@example.com', upsertUser: true }],
    ['a user of a team that is known', { teamId: 'red', userId: 'bob' }],
    ['SQL', { userId: "bob' OR 1=1; --" }],
  ])('is nobody where %s is not known', async (_what, request) => {
    await aTeam({ teamId: 'red' });
    await expect(ask(request)).rejects.toMatchObject(UNKNOWN);
  });

  it('is made where the operator wants that, once for all who come at the same time', async () => {
    settings.default_internal_user_params = { max_budget: 2, models: ['m'] };
    const request = {
      userId: 'new',
      userEmail: 'new@example.com',
      teamId: 'new-team',
      upsertUser: true,
      upsertTeam: true,
    };
    const all = await Promise.all(Array.from({ length: 5 }, () => ask(request)));
    expect(all.map(({ userId, teamId, role }) => [userId, teamId, role])).toEqual(
      Array(5).fill(['new', 'new-team', 'internal_user']),
    );
    expect(await accountsOf({ userId: 'new' })).toEqual(['user:new 2', 'installation 100']);
    const user = await ledger.get(UserRepository).find(database().manager, 'new');
    expect(user).toMatchObject({ userEmail: 'new@example.com', models: ['m'] });
  });

  it('names a team or a user at least', async () => {
    await expect(ask({ organizationId: 'acme' })).rejects.toMatchObject({ code: 'GW_INVALID_REQUEST' });
  });
});
