import { describe, expect, it } from '@jest/globals';
import type { ModelAccess } from '@turnpike/rpc';
import type { BudgetEntity } from '../schema/entities/budget.entity.js';
import type { OrganizationEntity } from '../schema/entities/organization.entity.js';
import type { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import type { TeamEntity } from '../schema/entities/team.entity.js';
import type { UserEntity } from '../schema/entities/user.entity.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { boundsOfHolder, composePrincipal, type KeyHolder } from './principal.js';
import { toBoundColumns } from './stored-terms.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const bounds = toBoundColumns(undefined, undefined);

const aKey = (some: Partial<VirtualKeyEntity> = {}): VirtualKeyEntity =>
  ({
    ...bounds,
    token: 'k',
    keyName: 'sk-...1234',
    modelTerms: {},
    budgetWindows: [],
    models: [],
    aliases: {},
    accessGroupIds: [],
    allowedRoutes: [],
    permissions: {},
    routerSettings: {},
    metadata: {},
    blocked: false,
    expires: null,
    ...some,
  }) as VirtualKeyEntity;

const aTeam = (some: Partial<TeamEntity> = {}): TeamEntity =>
  ({
    ...bounds,
    teamId: 'red',
    modelTerms: {},
    budgetWindows: [],
    models: [],
    modelAliases: {},
    accessGroupIds: [],
    defaultMemberModels: [],
    defaultMemberTerms: null,
    routerSettings: {},
    metadata: {},
    blocked: false,
    ...some,
  }) as TeamEntity;

const aUser = (some: Partial<UserEntity> = {}): UserEntity =>
  ({
    ...bounds,
    userId: 'ann',
    userRole: 'internal_user',
    modelTerms: {},
    models: [],
    metadata: {},
    ...some,
  }) as UserEntity;

const aMembership = (some: Partial<TeamMembershipEntity> = {}): TeamMembershipEntity =>
  ({
    ...bounds,
    teamId: 'red',
    userId: 'ann',
    role: 'user',
    budgetId: null,
    models: [],
    ...some,
  }) as TeamMembershipEntity;

const anOrganization = (some: Partial<OrganizationEntity> = {}): OrganizationEntity =>
  ({
    ...bounds,
    organizationId: 'acme',
    budgetId: null,
    modelTerms: {},
    models: [],
    metadata: {},
    ...some,
  }) as OrganizationEntity;

const aHolder = (some: Partial<KeyHolder> = {}): KeyHolder => ({
  key: aKey(),
  user: null,
  team: null,
  membership: null,
  organization: null,
  budgets: new Map(),
  accessGroups: new Map(),
  namedGroups: new Map(),
  ...some,
});

const teamKey = (some: Partial<VirtualKeyEntity> = {}): VirtualKeyEntity =>
  aKey({ teamId: 'red', userId: 'ann', ...some });
const principal = (holder: KeyHolder) => composePrincipal(holder, [], NOW);

describe('a caller is refused', () => {
  it.each<[string, KeyHolder, RegExp | '']>([
    ['not at all', aHolder(), ''],
    ['whose key is blocked', aHolder({ key: aKey({ blocked: true }) }), /^Key is blocked/],
    ['whose key expired', aHolder({ key: aKey({ expires: new Date(NOW) }) }), /^Expired Key/],
    ['not while the key has a moment left', aHolder({ key: aKey({ expires: new Date(NOW + 1) }) }), ''],
    ['whose team is blocked', aHolder({ key: teamKey(), team: aTeam({ blocked: true }) }), /^Team=red is blocked/],
    ['whose team is gone', aHolder({ key: teamKey() }), /does not exist any more/],
    ['who was deactivated', aHolder({ user: aUser({ metadata: { scim_active: false } }) }), /deactivated/],
  ])('%s', (_title, holder, refusal) => {
    const { refusal: actual } = principal(holder);
    if (refusal === '') expect(actual).toBe('');
    else expect(actual).toMatch(refusal);
  });
});

describe('the models of a caller', () => {
  it.each<[string, Partial<KeyHolder>, ModelAccess[]]>([
    ['are all where nobody has a list', { key: teamKey(), team: aTeam() }, []],
    [
      'are those of the key and of the team',
      { key: teamKey({ models: ['a'] }), team: aTeam({ models: ['a', 'b'] }) },
      [
        { owner: 'key', models: ['a'] },
        { owner: 'team', models: ['a', 'b'], withTeamModels: true },
      ],
    ],
    [
      'of the key can be those of the team',
      { key: teamKey({ models: ['all-team-models'] }), team: aTeam({ models: ['b'] }) },
      [
        { owner: 'key', models: ['b'], withTeamModels: true },
        { owner: 'team', models: ['b'], withTeamModels: true },
      ],
    ],
    [
      'are those of the user where there is no team',
      { key: aKey({ userId: 'ann' }), user: aUser({ models: ['no-default-models'] }) },
      [{ owner: 'user', models: [] }],
    ],
    [
      'are not those of the user where there is a team',
      { key: teamKey(), team: aTeam(), user: aUser({ models: ['no-default-models'] }) },
      [],
    ],
    [
      'are those of the organisation',
      { organization: anOrganization({ models: ['c'] }) },
      [{ owner: 'org', models: ['c'] }],
    ],
    [
      'include the names that the team gave them',
      { key: teamKey({ models: ['a'] }), team: aTeam({ modelAliases: { fast: 'model_red_1' } }) },
      [{ owner: 'key', models: ['a', 'fast', 'model_red_1'] }],
    ],
    [
      'include those of access groups',
      { key: aKey({ models: ['a'], accessGroupIds: ['g', 'gone'] }), accessGroups: new Map([['g', ['x', 'y']]]) },
      [{ owner: 'key', models: ['a', 'x', 'y'] }],
    ],
    [
      'are those of access groups alone where no others are named',
      { key: aKey({ accessGroupIds: ['g'] }), accessGroups: new Map([['g', ['x']]]) },
      [{ owner: 'key', models: ['x'] }],
    ],
    [
      'are also those of the access groups that lists name',
      { key: aKey({ models: ['a', 'g'] }), namedGroups: new Map([['g', ['x', 'y']]]) },
      [{ owner: 'key', models: ['a', 'g', 'x', 'y'] }],
    ],
    [
      'are a member’s own',
      { key: teamKey(), team: aTeam({ defaultMemberModels: ['d'] }), membership: aMembership({ models: ['m'] }) },
      [{ owner: 'member', models: ['m'] }],
    ],
    [
      'are those of all members',
      { key: teamKey(), team: aTeam({ defaultMemberModels: ['d'] }), membership: aMembership() },
      [{ owner: 'member', models: ['d'] }],
    ],
  ])('%s', (_title, some, expected) => {
    expect(principal(aHolder(some)).modelAccess).toEqual(expected);
  });
});

describe('the money of a caller', () => {
  const rich = { maxBudgetNano: 5 };
  it.each<[string, Partial<KeyHolder>, string[]]>([
    ['is without bounds where nobody sets any', { user: aUser() }, []],
    ['is the user’s where there is no team', { key: aKey({ userId: 'ann' }), user: aUser(rich) }, ['user:ann=5']],
    ['is the team’s, not the user’s', { key: teamKey(), team: aTeam(rich), user: aUser(rich) }, ['team:red=5']],
    [
      'is bounded for members',
      { key: teamKey(), team: aTeam(), membership: aMembership({ maxBudgetNano: 2 }) },
      ['member:red:ann=2'],
    ],
    [
      'is bounded for all members alike',
      { key: teamKey(), team: aTeam({ defaultMemberTerms: { maxBudgetNano: 3 } }), membership: aMembership() },
      ['member:red:ann=3'],
    ],
    [
      'is the organisation’s too',
      { key: aKey(rich), organization: anOrganization(rich) },
      ['key:k=5', 'organization:acme=5'],
    ],
    [
      'is that of a shared budget',
      { key: aKey({ budgetId: 'b' }), budgets: new Map([['b', { ...bounds, maxBudgetNano: 9 } as BudgetEntity]]) },
      ['key:k=9'],
    ],
    [
      'is more for a while',
      { key: aKey({ ...rich, metadata: { temp_budget_increase: 1e-9, temp_budget_expiry: '2026-02-01' } }) },
      ['key:k=6'],
    ],
  ])('%s', (_title, some, expected) => {
    expect(boundsOfHolder(aHolder(some), NOW).map(({ account, max }) => `${account}=${max}`)).toEqual(expected);
  });
});

describe('a caller', () => {
  it.each<[string, Partial<KeyHolder>, string]>([
    ['has the role of the user', { key: aKey({ userId: 'ann' }), user: aUser({ userRole: 'org_admin' }) }, 'org_admin'],
    ['may look where the user has no role', { user: aUser({ userRole: null }) }, 'internal_user_viewer'],
    ['may look where the user is not known', { key: aKey({ userId: 'x' }) }, 'internal_user_viewer'],
    ['is a team where there is no user', { key: aKey({ teamId: 'red' }), team: aTeam() }, 'team'],
    ['is a customer where there is nobody', {}, 'customer'],
  ])('%s', (_title, some, role) => {
    expect(principal(aHolder(some)).role).toBe(role);
  });

  it('has the aliases and settings of the team, and the key’s own before them', () => {
    const holder = aHolder({
      key: teamKey({ aliases: { a: 'key' }, routerSettings: { num_retries: 1 } }),
      team: aTeam({ modelAliases: { a: 'team', b: 'team' }, routerSettings: { num_retries: 2, timeout: 3 } }),
    });
    expect(principal(holder)).toMatchObject({
      aliases: { a: 'key', b: 'team' },
      routerSettings: { num_retries: 1, timeout: 3 },
    });
  });
});
