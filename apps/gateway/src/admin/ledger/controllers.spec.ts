import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LedgerError } from '@turnpike/rpc';
import { aManagement, type Answers, type Management } from '../../../test/management.js';

let management: Management;
beforeAll(async () => void (management = await aManagement()));
afterAll(() => management.close());
beforeEach(() => {
  management.asked.length = 0;
  management.answers = {};
});

const always = (answers: Readonly<Record<string, object>>): Answers =>
  Object.fromEntries(Object.entries(answers).map(([method, answer]) => [method, () => answer]));

const page = { page: 1, size: 10, totalCount: 1, totalPages: 1 };
const paged = { total: 1, page: 1, page_size: 10, total_pages: 1 };

const TEAM = {
  teamId: 'red',
  teamAlias: 'Red',
  budget: { maxNanoUsd: 9e9, duration: '1mo' },
  spendNanoUsd: 500_000_000,
  members: [
    { userId: 'ada', role: 'admin' },
    { userId: 'bob', userEmail: 'bob@example.com', role: 'user' },
  ],
};
const MEMBERSHIP = { teamId: 'red', userId: 'bob', spendNanoUsd: 1e9, terms: { budget: { maxNanoUsd: 2e9 } } };
const USER = { userId: 'ada', userEmail: 'ada@example.com', userRole: 'internal_user', teamIds: ['red'] };
const KEY = { token: 'hash', teamId: 'red', userId: 'ada' };
const BUDGET = { budgetId: 'small', budget: { maxNanoUsd: 1e9 }, limits: { rpm: 5 } };
const CUSTOMER = { customerId: 'shop-1', alias: 'Shop', budget: { maxNanoUsd: 1e9 }, spendNanoUsd: 250_000_000 };
const ORGANIZATION = {
  organizationId: 'acme',
  organizationAlias: 'Acme',
  budgetId: 'small',
  budget: { maxNanoUsd: 1e9 },
  members: [{ userId: 'ada', userEmail: 'ada@example.com', role: 'org_admin', spendNanoUsd: 1e9 }],
};

const TEAM_JSON = { team_id: 'red', team_alias: 'Red', max_budget: 9, budget_duration: '1mo', spend: 0.5 };
const TEAM_MEMBERS = {
  admins: ['ada'],
  members: ['bob'],
  members_with_roles: [
    { user_id: 'ada', user_email: null, role: 'admin' },
    { user_id: 'bob', user_email: 'bob@example.com', role: 'user' },
  ],
};
const MEMBERSHIP_JSON = { user_id: 'bob', team_id: 'red', spend: 1, litellm_budget_table: { max_budget: 2 } };
const USER_JSON = { user_id: 'ada', user_email: 'ada@example.com', user_role: 'internal_user', teams: ['red'] };
const BUDGET_JSON = { budget_id: 'small', max_budget: 1, rpm_limit: 5, allowed_models: [] };
const CUSTOMER_JSON = {
  user_id: 'shop-1',
  alias: 'Shop',
  spend: 0.25,
  blocked: false,
  litellm_budget_table: { max_budget: 1 },
};
const MEMBER_JSON = { organization_id: 'acme', user_id: 'ada', user_role: 'org_admin', spend: 1 };
const ORGANIZATION_JSON = {
  organization_id: 'acme',
  organization_alias: 'Acme',
  litellm_budget_table: { budget_id: 'small', max_budget: 1 },
  members: [MEMBER_JSON],
};

interface Case {
  /** "POST /team/new" */
  route: string;
  sent?: object;
  /** Method and part of the request. */
  asks: [string, object];
  answers: Readonly<Record<string, object>>;
  told: object;
}

const TEAMS: Case[] = [
  {
    route: 'POST /team/new',
    sent: {
      team_alias: 'Red',
      max_budget: 9,
      team_member_budget: 2,
      members_with_roles: [{ role: 'admin', user_id: 'ada' }],
    },
    asks: [
      'teams.createTeam',
      {
        team: {
          teamAlias: 'Red',
          budget: { maxNanoUsd: 9e9 },
          defaultMemberTerms: { budget: { maxNanoUsd: 2e9 } },
          members: [{ userId: 'ada', role: 'admin' }],
        },
      },
    ],
    answers: { 'teams.createTeam': { team: TEAM } },
    told: { ...TEAM_JSON, ...TEAM_MEMBERS, tags: null },
  },
  {
    route: 'POST /team/new',
    sent: { team_id: 'red', admins: ['ada'], members: ['bob'] },
    asks: [
      'teams.createTeam',
      { team: { teamId: 'red', members: [{ role: 'admin' }, { userId: 'bob', role: 'user' }] } },
    ],
    answers: { 'teams.createTeam': { team: TEAM } },
    told: TEAM_JSON,
  },
  {
    route: 'POST /team/update',
    sent: { team_id: 'red', models: ['m'], tpm_limit: null, team_member_tpm_limit: 7 },
    asks: [
      'teams.updateTeam',
      {
        changes: { teamId: 'red', models: ['m'], defaultMemberTerms: { limits: { tpm: 7 } } },
        updateMask: ['limits.tpm', 'default_member_terms.limits.tpm', 'models'],
      },
    ],
    answers: { 'teams.updateTeam': { team: TEAM } },
    told: { team_id: 'red', data: TEAM_JSON },
  },
  {
    route: 'POST /team/delete',
    sent: { team_ids: ['red'] },
    asks: ['teams.deleteTeams', { teamIds: ['red'] }],
    answers: { 'teams.deleteTeams': { deletedTeamIds: ['red'] } },
    told: { deleted_teams: ['red'] },
  },
  {
    route: 'GET /team/info?team_id=red',
    asks: ['teams.getTeam', { teamId: 'red' }],
    answers: { 'teams.getTeam': { team: TEAM, keys: [KEY], memberships: [MEMBERSHIP] } },
    told: {
      team_id: 'red',
      team_info: { ...TEAM_JSON, ...TEAM_MEMBERS },
      keys: [{ token: 'hash' }],
      team_memberships: [MEMBERSHIP_JSON],
    },
  },
  {
    route: 'GET /team/list?user_id=bob',
    asks: ['teams.listTeams', { userId: 'bob', includeKeys: true, includeMemberships: true }],
    answers: { 'teams.listTeams': { teams: [TEAM, { teamId: 'blue' }], keys: [KEY], memberships: [MEMBERSHIP], page } },
    told: [
      { ...TEAM_JSON, keys: [{ token: 'hash' }], team_memberships: [MEMBERSHIP_JSON] },
      { team_id: 'blue', keys: [], team_memberships: [] },
    ],
  },
  {
    route: 'GET /v2/team/list?team_alias=R&page_size=10',
    asks: ['teams.listTeams', { teamAlias: 'R', page: { page: 1, size: 10, descending: true } }],
    answers: { 'teams.listTeams': { teams: [TEAM], page } },
    told: { teams: [TEAM_JSON], ...paged },
  },
  {
    route: 'POST /team/member_add',
    sent: { team_id: 'red', member: { role: 'user', user_email: 'bob@example.com' }, max_budget_in_team: 2 },
    asks: [
      'teams.addTeamMembers',
      {
        teamId: 'red',
        members: [{ userEmail: 'bob@example.com', role: 'user' }],
        terms: { budget: { maxNanoUsd: 2e9 } },
      },
    ],
    answers: { 'teams.addTeamMembers': { team: TEAM, memberships: [MEMBERSHIP] } },
    told: { ...TEAM_JSON, updated_users: [{ user_id: 'bob' }], updated_team_memberships: [MEMBERSHIP_JSON] },
  },
  {
    route: 'POST /team/member_add',
    sent: { team_id: 'red', member: [{ user_id: 'a' }, { user_id: 'b', role: 'admin' }] },
    asks: [
      'teams.addTeamMembers',
      {
        members: [
          { userId: 'a', role: '' },
          { userId: 'b', role: 'admin' },
        ],
        terms: undefined,
      },
    ],
    answers: { 'teams.addTeamMembers': { team: TEAM } },
    told: { updated_users: [] },
  },
  {
    route: 'POST /team/bulk_member_add',
    sent: { team_id: 'red', all_users: true },
    asks: ['teams.addTeamMembers', { members: [{ userId: 'eve' }] }],
    answers: {
      'teams.getTeam': { team: TEAM },
      'users.listUsers': { users: [USER, { userId: 'eve' }], page },
      'teams.addTeamMembers': { team: TEAM },
    },
    told: { team_id: 'red', total_requested: 1, successful_additions: 1, failed_additions: 0 },
  },
  {
    route: 'POST /team/member_update',
    sent: { team_id: 'red', user_id: 'bob', role: 'admin', max_budget_in_team: 2, rpm_limit: null },
    asks: [
      'teams.updateTeamMember',
      {
        teamId: 'red',
        member: { userId: 'bob', role: 'admin' },
        terms: { budget: { maxNanoUsd: 2e9 } },
        updateMask: ['role', 'budget.max_nano_usd', 'limits.rpm'],
      },
    ],
    answers: { 'teams.updateTeamMember': { member: { userId: 'bob', role: 'admin' }, membership: MEMBERSHIP } },
    told: { team_id: 'red', user_id: 'bob', max_budget_in_team: 2, rpm_limit: null },
  },
  {
    route: 'POST /team/member_delete',
    sent: { team_id: 'red', user_email: 'bob@example.com' },
    asks: ['teams.deleteTeamMember', { teamId: 'red', userId: '', userEmail: 'bob@example.com' }],
    answers: { 'teams.deleteTeamMember': { team: TEAM } },
    told: TEAM_JSON,
  },
  ...[true, false].map((blocked) => ({
    route: `POST /team/${blocked ? 'block' : 'unblock'}`,
    sent: { team_id: 'red' },
    asks: ['teams.blockTeam', { teamId: 'red', blocked }] satisfies Case['asks'],
    answers: { 'teams.blockTeam': { team: { ...TEAM, blocked } } },
    told: { team_id: 'red', blocked },
  })),
  ...(['add', 'delete'] as const).map((verb) => ({
    route: `POST /team/model/${verb}`,
    sent: { team_id: 'red', models: ['m'] },
    asks: [`teams.${verb}TeamModels`, { teamId: 'red', models: ['m'] }] satisfies Case['asks'],
    answers: { [`teams.${verb}TeamModels`]: { team: TEAM } },
    told: TEAM_JSON,
  })),
  {
    route: 'GET /team/permissions_list?team_id=red',
    asks: ['teams.getTeamPermissions', { teamId: 'red' }],
    answers: { 'teams.getTeamPermissions': { memberPermissions: ['a'], availablePermissions: ['a', 'b'] } },
    told: { team_id: 'red', team_member_permissions: ['a'], all_available_permissions: ['a', 'b'] },
  },
  {
    route: 'POST /team/permissions_update',
    sent: { team_id: 'red', team_member_permissions: ['/key/info'] },
    asks: ['teams.setTeamPermissions', { teamId: 'red', memberPermissions: ['/key/info'] }],
    answers: { 'teams.setTeamPermissions': { team: TEAM } },
    told: TEAM_JSON,
  },
  {
    route: 'POST /team/red/reset_spend',
    sent: { reset_to: '0.25' },
    asks: ['teams.resetTeamSpend', { teamId: 'red', resetToNanoUsd: 250_000_000 }],
    answers: {
      'teams.getTeam': { team: TEAM },
      'teams.resetTeamSpend': { team: { ...TEAM, spendNanoUsd: 250_000_000 } },
    },
    told: { team_id: 'red', spend: 0.25, previous_spend: 0.5, max_budget: 9 },
  },
];

const USERS: Case[] = [
  {
    route: 'POST /user/new',
    sent: {
      user_email: 'ada@example.com',
      max_budget: 3,
      models: ['m'],
      key_alias: "ada's",
      teams: ['red', { team_id: 'blue', max_budget_in_team: 2, user_role: 'admin' }],
      organizations: ['acme'],
    },
    asks: [
      'users.createUser',
      {
        user: { userEmail: 'ada@example.com', budget: { maxNanoUsd: 3e9 }, models: ['m'] },
        key: { key: { keyAlias: "ada's", models: ['m'], budget: undefined } },
        memberships: [{ teamId: 'red' }, { teamId: 'blue', role: 'admin', terms: { budget: { maxNanoUsd: 2e9 } } }],
        organizationIds: ['acme'],
      },
    ],
    answers: { 'users.createUser': { user: USER, secret: 'sk-new', key: { ...KEY, keyAlias: "ada's" } } },
    told: { ...USER_JSON, key: 'sk-new', key_alias: "ada's", token: 'hash' },
  },
  {
    route: 'POST /user/new',
    sent: { user_id: 'ada', auto_create_key: false, password: 'long enough' },
    asks: ['users.createUser', { user: { userId: 'ada' }, key: undefined, password: 'long enough' }],
    answers: { 'users.createUser': { user: USER } },
    told: { ...USER_JSON, key: '' },
  },
  {
    route: 'POST /user/update',
    sent: { user_id: 'ada', user_email: 'new@example.com', max_budget: null },
    asks: [
      'users.updateUser',
      {
        userId: 'ada',
        userEmail: '',
        changes: { userEmail: 'new@example.com' },
        updateMask: ['user_email', 'budget.max_nano_usd'],
      },
    ],
    answers: { 'users.updateUser': { user: USER } },
    told: { user_id: 'ada', data: USER_JSON },
  },
  {
    route: 'POST /user/update',
    sent: { user_email: 'ada@example.com', user_role: 'proxy_admin' },
    asks: ['users.updateUser', { userId: '', userEmail: 'ada@example.com', updateMask: ['user_role'] }],
    answers: { 'users.updateUser': { user: USER } },
    told: { user_id: 'ada' },
  },
  {
    route: 'POST /user/update',
    sent: { user_email: 'ada@example.com', spend: 0 },
    asks: ['users.resetUserSpend', { userId: 'ada', resetToNanoUsd: 0 }],
    answers: {
      'users.getUser': { user: USER },
      'users.resetUserSpend': { user: USER },
      'users.updateUser': { user: USER },
    },
    told: { user_id: 'ada' },
  },
  {
    route: 'POST /user/bulk_update',
    sent: { all_users: true, user_updates: { rpm_limit: 3 } },
    asks: ['users.updateUser', { userId: 'ada', changes: { limits: { rpm: 3 } }, updateMask: ['limits.rpm'] }],
    answers: { 'users.listUsers': { users: [USER], page }, 'users.updateUser': { user: USER } },
    told: {
      total_requested: 1,
      successful_updates: 1,
      failed_updates: 0,
      results: [{ user_id: 'ada', success: true }],
    },
  },
  {
    route: 'POST /user/delete',
    sent: { user_ids: ['ada'] },
    asks: ['users.deleteUsers', { userIds: ['ada'] }],
    answers: { 'users.deleteUsers': { deletedUserIds: ['ada'] } },
    told: { deleted_users: 1, deleted_user_ids: ['ada'] },
  },
  {
    route: 'GET /user/info?user_id=ada',
    asks: ['users.getUser', { userId: 'ada', includeKeys: true, includeTeams: true }],
    answers: { 'users.getUser': { user: USER, keys: [KEY], teams: [TEAM] } },
    told: { user_id: 'ada', user_info: USER_JSON, keys: [{ token: 'hash' }], teams: [TEAM_JSON] },
  },
  {
    route: 'GET /v2/user/info',
    asks: ['users.getUser', { userId: '' }],
    answers: { 'users.getUser': { user: USER } },
    told: USER_JSON,
  },
  {
    route: 'GET /user/list?role=internal_user&user_ids=ada,bob&team=red',
    asks: [
      'users.listUsers',
      { userRole: 'internal_user', userIds: ['ada', 'bob'], teamId: 'red', page: { page: 1, size: 25 } },
    ],
    answers: { 'users.listUsers': { users: [USER], page, keyCounts: { ada: 2 } } },
    told: { users: [{ ...USER_JSON, key_count: 2 }], ...paged },
  },
];

const BUDGETS: Case[] = [
  {
    route: 'POST /budget/new',
    sent: { budget_id: 'small', max_budget: 1, rpm_limit: 5 },
    asks: ['budgets.createBudget', { budget: { budgetId: 'small', budget: { maxNanoUsd: 1e9 }, limits: { rpm: 5 } } }],
    answers: { 'budgets.createBudget': { budget: BUDGET } },
    told: BUDGET_JSON,
  },
  {
    route: 'POST /budget/update',
    sent: { budget_id: 'small', budget_duration: null },
    asks: ['budgets.updateBudget', { changes: { budgetId: 'small' }, updateMask: ['budget.duration'] }],
    answers: { 'budgets.updateBudget': { budget: BUDGET } },
    told: BUDGET_JSON,
  },
  {
    route: 'POST /budget/info',
    sent: { budgets: ['small', 'none'] },
    asks: ['budgets.getBudgets', { budgetIds: ['small', 'none'] }],
    answers: { 'budgets.getBudgets': { budgets: [BUDGET] } },
    told: [BUDGET_JSON],
  },
  {
    route: 'GET /budget/list',
    asks: ['budgets.listBudgets', { page: { page: 1, size: 100 } }],
    answers: { 'budgets.listBudgets': { budgets: [BUDGET], page } },
    told: [BUDGET_JSON],
  },
  {
    route: 'POST /budget/delete',
    sent: { id: 'small' },
    asks: ['budgets.deleteBudget', { budgetId: 'small' }],
    answers: { 'budgets.deleteBudget': { budget: BUDGET } },
    told: BUDGET_JSON,
  },
];

const customersAt = (root: string): Case[] => [
  {
    route: `POST /${root}/new`,
    sent: { user_id: 'shop-1', alias: 'Shop', max_budget: 1, allowed_model_region: 'eu' },
    asks: [
      'customers.createCustomer',
      { customer: { customerId: 'shop-1', alias: 'Shop', budget: { maxNanoUsd: 1e9 }, allowedModelRegion: 'eu' } },
    ],
    answers: { 'customers.createCustomer': { customer: CUSTOMER } },
    told: CUSTOMER_JSON,
  },
  {
    route: `POST /${root}/update`,
    sent: { user_id: 'shop-1', budget_id: null },
    asks: ['customers.updateCustomer', { changes: { customerId: 'shop-1' }, updateMask: ['budget_id'] }],
    answers: { 'customers.updateCustomer': { customer: CUSTOMER } },
    told: CUSTOMER_JSON,
  },
  {
    route: `POST /${root}/delete`,
    sent: { user_ids: ['shop-1'] },
    asks: ['customers.deleteCustomers', { customerIds: ['shop-1'] }],
    answers: { 'customers.deleteCustomers': { deletedCustomerIds: ['shop-1'] } },
    told: { deleted_customers: 1 },
  },
  {
    route: `GET /${root}/info?end_user_id=shop-1`,
    asks: ['customers.getCustomer', { customerId: 'shop-1' }],
    answers: { 'customers.getCustomer': { customer: CUSTOMER } },
    told: CUSTOMER_JSON,
  },
  {
    route: `GET /${root}/list`,
    asks: ['customers.listCustomers', {}],
    answers: { 'customers.listCustomers': { customers: [CUSTOMER], page } },
    told: [CUSTOMER_JSON],
  },
];

const blockingAt = (root: string): Case[] => [
  {
    route: `POST /${root}/block`,
    sent: { user_ids: ['shop-1'] },
    asks: ['customers.blockCustomers', { customerIds: ['shop-1'], blocked: true }],
    answers: { 'customers.blockCustomers': { customers: [{ ...CUSTOMER, blocked: true }] } },
    told: { blocked_users: [{ user_id: 'shop-1', blocked: true }] },
  },
  {
    route: `POST /${root}/unblock`,
    sent: { user_ids: ['shop-1'] },
    asks: ['customers.blockCustomers', { blocked: false }],
    answers: { 'customers.blockCustomers': { customers: [CUSTOMER] } },
    told: { unblocked_users: [{ user_id: 'shop-1', blocked: false }] },
  },
];

const TAG = { name: 'ci', description: 'Builds', models: ['d1'], budget: { maxNanoUsd: 1e9 } };
const TAG_JSON = {
  name: 'ci',
  description: 'Builds',
  models: ['d1'],
  max_budget: 1,
  litellm_budget_table: { max_budget: 1 },
};

const TAGS: Case[] = [
  {
    route: 'POST /tag/new',
    sent: { name: 'ci', description: 'Builds', models: ['d1'], max_budget: 1 },
    asks: [
      'tags.createTag',
      { tag: { name: 'ci', description: 'Builds', models: ['d1'], budget: { maxNanoUsd: 1e9 } } },
    ],
    answers: { 'tags.createTag': { tag: TAG } },
    told: { tag: TAG_JSON },
  },
  {
    route: 'POST /tag/update',
    sent: { name: 'ci', models: null },
    asks: ['tags.updateTag', { changes: { name: 'ci', models: [] }, updateMask: ['models'] }],
    answers: { 'tags.updateTag': { tag: TAG } },
    told: { tag: TAG_JSON },
  },
  {
    route: 'POST /tag/info',
    sent: { names: ['ci'] },
    asks: ['tags.getTags', { names: ['ci'] }],
    answers: { 'tags.getTags': { tags: [TAG] } },
    told: { ci: TAG_JSON },
  },
  {
    route: 'GET /tag/list',
    asks: ['tags.listTags', { includeUsed: true }],
    answers: { 'tags.listTags': { tags: [TAG], page } },
    told: [TAG_JSON],
  },
  {
    route: 'POST /tag/delete',
    sent: { name: 'ci' },
    asks: ['tags.deleteTag', { name: 'ci' }],
    answers: { 'tags.deleteTag': { tag: TAG } },
    told: { message: 'Tag ci deleted successfully' },
  },
];

const ORGANIZATIONS: Case[] = [
  {
    route: 'POST /organization/new',
    sent: { organization_alias: 'Acme', max_budget: 1, models: ['m'] },
    asks: [
      'organizations.createOrganization',
      { organization: { organizationAlias: 'Acme', budget: { maxNanoUsd: 1e9 }, models: ['m'] } },
    ],
    answers: { 'organizations.createOrganization': { organization: ORGANIZATION } },
    told: ORGANIZATION_JSON,
  },
  {
    route: 'PATCH /organization/update',
    sent: { organization_id: 'acme', metadata: { a: 1 } },
    asks: [
      'organizations.updateOrganization',
      { changes: { organizationId: 'acme', metadata: { a: 1 } }, updateMask: ['metadata'] },
    ],
    answers: { 'organizations.updateOrganization': { organization: ORGANIZATION } },
    told: ORGANIZATION_JSON,
  },
  {
    route: 'DELETE /organization/delete',
    sent: { organization_ids: ['acme'] },
    asks: ['organizations.deleteOrganizations', { organizationIds: ['acme'] }],
    answers: { 'organizations.deleteOrganizations': { deletedOrganizations: [ORGANIZATION] } },
    told: [ORGANIZATION_JSON],
  },
  {
    route: 'GET /organization/list?org_alias=A',
    asks: ['organizations.listOrganizations', { organizationAlias: 'A' }],
    answers: { 'organizations.listOrganizations': { organizations: [ORGANIZATION], page } },
    told: [ORGANIZATION_JSON],
  },
  {
    route: 'GET /organization/info?organization_id=acme',
    asks: ['organizations.getOrganization', { organizationId: 'acme' }],
    answers: { 'organizations.getOrganization': { organization: ORGANIZATION, teams: [TEAM] } },
    told: { ...ORGANIZATION_JSON, teams: [TEAM_JSON] },
  },
  {
    route: 'POST /organization/info',
    sent: { organizations: ['acme'] },
    asks: ['organizations.getOrganization', { organizationId: 'acme' }],
    answers: { 'organizations.getOrganization': { organization: ORGANIZATION } },
    told: [{ ...ORGANIZATION_JSON, teams: [] }],
  },
  {
    route: 'POST /organization/member_add',
    sent: { organization_id: 'acme', member: { role: 'org_admin', user_id: 'ada' }, max_budget_in_organization: 4 },
    asks: [
      'organizations.addOrganizationMembers',
      { organizationId: 'acme', members: [{ userId: 'ada', role: 'org_admin' }], budget: { maxNanoUsd: 4e9 } },
    ],
    answers: { 'organizations.addOrganizationMembers': { organization: ORGANIZATION } },
    told: {
      organization_id: 'acme',
      updated_users: [{ user_id: 'ada', user_email: 'ada@example.com' }],
      updated_organization_memberships: [MEMBER_JSON],
    },
  },
  {
    route: 'PATCH /organization/member_update',
    sent: { organization_id: 'acme', user_id: 'ada', role: 'org_admin', max_budget_in_organization: null },
    asks: [
      'organizations.updateOrganizationMember',
      { member: { userId: 'ada', role: 'org_admin' }, budget: undefined, updateMask: ['role', 'budget.max_nano_usd'] },
    ],
    answers: { 'organizations.updateOrganizationMember': { member: ORGANIZATION.members[0]! } },
    told: MEMBER_JSON,
  },
  {
    route: 'DELETE /organization/member_delete',
    sent: { organization_id: 'acme', user_id: 'ada' },
    asks: ['organizations.deleteOrganizationMember', { organizationId: 'acme', userId: 'ada' }],
    answers: { 'organizations.deleteOrganizationMember': { organization: ORGANIZATION } },
    told: ORGANIZATION_JSON,
  },
];

describe.each([
  ['teams', TEAMS],
  ['users', USERS],
  ['budgets', BUDGETS],
  ['customers', [...customersAt('customer'), ...customersAt('end_user')]],
  ['blocked customers', ['customer', 'end_user', 'user'].flatMap(blockingAt)],
  ['organizations', ORGANIZATIONS],
  ['tags', TAGS],
])('%s', (_, cases) => {
  it.each(cases)('$route with $sent', async ({ route, sent, asks: [method, request], answers, told }) => {
    management.answers = always(answers);
    const [verb, url] = route.split(' ') as [string, string];
    const { status, body } = await management.send(verb, url, sent);
    expect(body).toMatchObject(told);
    expect(status).toBe(200);
    expect(management.asked.find((one) => one.method === method)?.request).toMatchObject(request);
    expect(new Set(management.asked.map(({ metadata }) => metadata?.['x-turnpike-caller']))).toEqual(
      new Set(['hash of sk-admin']),
    );
  });

  it('pass on what the ledger refuses', async () => {
    const { route, sent, answers } = cases[0]!;
    const refuse = (): never => {
      throw new LedgerError('PERMISSION_DENIED', 'Not you.', { errorCode: 'GW_PERMISSION_DENIED' });
    };
    management.answers = Object.fromEntries(Object.keys(answers).map((method) => [method, refuse]));
    const [verb, url] = route.split(' ') as [string, string];
    const { status, body } = await management.send(verb, url, sent);
    expect([status, body.error.message]).toEqual([403, 'Not you.']);
  });
});

it.each<[string, object | undefined, string]>([
  ['POST /team/new', { members_with_roles: [{ role: 'boss' }] }, 'members_with_roles[0].role'],
  ['POST /team/update', { max_budget: 1 }, 'team_id'],
  ['POST /team/member_add', { team_id: 'red' }, 'member'],
  ['POST /team/member_update', { team_id: 'red', role: 'boss' }, 'role'],
  ['GET /team/info', undefined, 'team_id'],
  ['POST /user/new', { user_role: 'king' }, 'user_role'],
  ['POST /user/new', { teams: [1] }, 'teams[0]'],
  ['POST /user/bulk_update', { all_users: true }, 'user_updates'],
  ['POST /user/delete', {}, 'user_ids'],
  ['POST /budget/update', { max_budget: 1 }, 'budget_id'],
  ['POST /budget/delete', {}, 'id'],
  ['POST /customer/new', {}, 'user_id'],
  ['POST /customer/new', { user_id: 'a', allowed_model_region: 'mars' }, 'allowed_model_region'],
  ['GET /customer/info', undefined, 'end_user_id'],
  ['DELETE /organization/delete', {}, 'organization_ids'],
  ['POST /organization/member_add', { organization_id: 'acme', member: { role: 'user' } }, 'member.role'],
])('%s %j names %s, and nothing is asked', async (route, sent, param) => {
  const [verb, url] = route.split(' ') as [string, string];
  const { status, body } = await management.send(verb, url, sent);
  expect([status, body.error.param]).toEqual([400, param]);
  expect(management.asked).toEqual([]);
});

it('lists are read to their end', async () => {
  management.answers = {
    'budgets.listBudgets': ({ page: asked }: { page: { page: number } }) => ({
      budgets: [{ budgetId: `b${asked.page}` }],
      page: { ...page, page: asked.page, totalPages: 3 },
    }),
  };
  const { body } = await management.send('GET', '/budget/list');
  expect(body.map(({ budget_id: id }: { budget_id: string }) => id)).toEqual(['b1', 'b2', 'b3']);
});
