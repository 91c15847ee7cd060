import { describe, expect, it } from '@jest/globals';
import type { ImportDatabaseRequest } from '@turnpike/rpc';
import { hashOf, sealed } from '../../../../test/services/litellm-database.js';
import { aRequest, countOf, describeImport, inHours, problemsOf, TOKEN, utc } from '../../test/import-world.js';
import { aCaller, ADMIN } from '../../test/services.js';
import { AuthorizeService } from '../services/authorize.service.js';
import { ImportService } from '../services/import.service.js';
import { KeyListService } from '../services/key-list.service.js';
import { OrganizationService } from '../services/organization.service.js';
import { TeamListService } from '../services/team-list.service.js';
import { UserListService } from '../services/user-list.service.js';

describeImport('an import of a LiteLLM database', (world) => {
  it('takes over a key by its hash, with its terms and what it has spent of its period', async () => {
    const resetAt = inHours(5);
    const expires = inHours(100);
    await world.old.insert('LiteLLM_VerificationToken', {
      token: TOKEN,
      key_name: 'sk-...eway',
      key_alias: 'ci',
      spend: 1.5,
      max_budget: 10,
      budget_duration: '30d',
      budget_reset_at: utc(resetAt),
      expires: utc(expires),
      models: ['gpt-4o', 'claude-*'],
      aliases: { fast: 'gpt-4o' },
      metadata: { tags: ['ci'], model_rpm_limit: { 'gpt-4o': 5 } },
      tpm_limit: 1_000,
      rpm_limit: 60,
      max_parallel_requests: 3,
      model_max_budget: { 'gpt-4o': { budget_limit: 2, time_period: '1d' }, other: 3 },
      model_spend: { 'gpt-4o': 0.5, other: 0.25 },
      budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
      allowed_routes: ['llm_api_routes'],
      blocked: null,
      user_id: 'ada',
      created_at: '2025-01-02T03:04:05',
      created_by: 'admin',
    });
    const report = await world.take();
    expect(countOf(report, 'keys')).toEqual([1, 1, 0, 0, 0, 0]);
    expect(problemsOf(report)).toEqual([]);
    expect(await world.keyOf()).toMatchObject({
      keyName: 'sk-...eway',
      keyAlias: 'ci',
      userId: 'ada',
      budget: { maxNanoUsd: 10e9, duration: '30d', resetAt },
      limits: { rpm: 60, tpm: 1_000, maxParallelRequests: 3 },
      modelTerms: { 'gpt-4o': { budget: { maxNanoUsd: 2e9, duration: '1d' } }, other: { budget: { maxNanoUsd: 3e9 } } },
      budgetWindows: [{ duration: '1d', maxNanoUsd: 1e9 }],
      spendNanoUsd: 1.5e9,
      modelSpendNanoUsd: { 'gpt-4o': 0, other: 0.25e9 },
      models: ['gpt-4o', 'claude-*'],
      aliases: { fast: 'gpt-4o' },
      allowedRoutes: ['llm_api_routes'],
      metadata: { tags: ['ci'], model_rpm_limit: { 'gpt-4o': 5 } },
      blocked: false,
      expires,
      authorship: { createdAt: new Date('2025-01-02T03:04:05Z'), createdBy: 'admin' },
    });
    const { principal } = await world.ledger.get(AuthorizeService).authorize(TOKEN);
    expect(principal?.refusal).toBe('');
  });

  it('takes over organizations, teams, people, shared budgets, customers and tags, each with what was spent', async () => {
    const resetAt = inHours(7);
    await world.old.insert(
      'LiteLLM_BudgetTable',
      { budget_id: 'b-org', max_budget: 100, budget_duration: '1mo', budget_reset_at: utc(resetAt) },
      { budget_id: 'b-member', max_budget: 5, allowed_models: ['gpt-4o'] },
      { budget_id: 'b-all', max_budget: 2, rpm_limit: 9 },
      { budget_id: 'b-customer', max_budget: 1, tpm_limit: 77 },
    );
    await world.old.insert('LiteLLM_OrganizationTable', {
      organization_id: 'o',
      organization_alias: 'Org',
      budget_id: 'b-org',
      spend: 40,
      models: ['gpt-4o'],
    });
    await world.old.insert('LiteLLM_ModelTable', { id: 7, aliases: '{"fast": "gpt-4o"}' });
    await world.old.insert('LiteLLM_ObjectPermissionTable', { object_permission_id: 'p', vector_stores: ['vs'] });
    await world.old.insert('LiteLLM_TeamTable', {
      team_id: 't',
      team_alias: 'Team',
      organization_id: 'o',
      object_permission_id: 'p',
      model_id: 7,
      spend: 12,
      max_budget: 50,
      metadata: { team_member_budget_id: 'b-all', team_member_key_duration: '30d' },
      members_with_roles: [
        { user_id: 'ada', role: 'admin' },
        { user_email: 'BOB@example.org', role: 'user' },
        { user_email: 'ghost@example.org', role: 'user' },
      ],
      team_member_permissions: ['/key/generate', '/key/teleport'],
    });
    await world.old.insert(
      'LiteLLM_UserTable',
      { user_id: 'ada', user_email: 'ada@example.org', user_role: 'internal_user', spend: 3, password: 'digest' },
      { user_id: 'bob', user_email: 'bob@example.org', user_role: 'proxy_admin_viewer', sso_user_id: 'sso-1' },
      { user_id: 'litellm-proxy-budget', spend: 52 },
    );
    await world.old.insert(
      'LiteLLM_TeamMembership',
      { user_id: 'ada', team_id: 't', spend: 1, total_spend: 30, budget_id: 'b-member' },
      { user_id: 'eve', team_id: 't', spend: 0.5, budget_id: null },
    );
    await world.old.insert('LiteLLM_OrganizationMembership', {
      user_id: 'ada',
      organization_id: 'o',
      user_role: 'org_admin',
    });
    await world.old.insert('LiteLLM_EndUserTable', {
      user_id: 'c',
      alias: 'Customer',
      spend: 0.9,
      budget_id: 'b-customer',
      blocked: true,
    });
    await world.old.insert('LiteLLM_TagTable', { tag_name: 'prod', description: 'd', spend: 2, budget_id: 'b-all' });
    await world.old.insert('LiteLLM_AccessGroupTable', {
      access_group_id: 'g',
      access_group_name: 'good',
      access_model_names: ['gpt-4o'],
    });

    const report = await world.take();
    for (const noun of ['budgets', 'team_memberships', 'users', 'teams', 'organizations', 'customers', 'tags'])
      expect([noun, countOf(report, noun).slice(2)]).toEqual([noun, [0, 0, 0, 0]]);
    expect(countOf(report, 'team_memberships')[1]).toBe(3);

    const { organization } = await world.ledger.get(OrganizationService).get(ADMIN, { organizationId: 'o' });
    expect(organization).toMatchObject({
      organizationAlias: 'Org',
      budgetId: 'b-org',
      spendNanoUsd: 40e9,
      models: ['gpt-4o'],
    });
    expect(await world.balanceOf('organization:o')).toEqual({
      spent: 40e9,
      total: 40e9,
      max: 100e9,
      duration: '1mo',
      resetAt,
    });
    const { team, memberships } = await world.ledger.get(TeamListService).get(ADMIN, { teamId: 't' });
    expect(team).toMatchObject({
      teamAlias: 'Team',
      organizationId: 'o',
      modelAliases: { fast: 'gpt-4o' },
      objectPermission: { vector_stores: ['vs'] },
      memberKeyDuration: '30d',
      memberPermissions: ['/key/generate'],
      spendNanoUsd: 12e9,
      defaultMemberTerms: { budget: { maxNanoUsd: 2e9 }, limits: { rpm: 9 } },
    });
    expect(team!.members.map(({ userId, role }) => [userId, role]).sort()).toEqual([
      ['ada', 'admin'],
      ['bob', 'user'],
      ['eve', 'user'],
    ]);
    expect(memberships.find(({ userId }) => userId === 'ada')).toMatchObject({
      budgetId: 'b-member',
      spendNanoUsd: 1e9,
      totalSpendNanoUsd: 30e9,
    });
    const { user } = await world.ledger
      .get(UserListService)
      .get(ADMIN, { userId: 'ada', userEmail: '', includeKeys: false, includeTeams: false });
    expect(user).toMatchObject({ userRole: 'internal_user', spendNanoUsd: 3e9, hasPassword: false, teamIds: ['t'] });
    expect(problemsOf(report)).toEqual([
      expect.stringContaining('t: team_member_permissions /key/teleport are not known here'),
      'ada: password cannot be taken over: set a new one',
      expect.stringContaining('its member ghost@example.org is no user there'),
    ]);
    const customer = await world.ledger.get(AuthorizeService).authorizeCustomer('c');
    expect(customer).toMatchObject({ blocked: true, accounts: [{ account: 'customer:c', maxNanoUsd: 1e9 }] });
    const totals = await world.query(
      `SELECT account, total_nano AS total FROM turnpike.balances WHERE account IN
        ('installation', 'customer:c', 'tag:prod', 'member:t:eve') ORDER BY account`,
    );
    expect(totals).toEqual([
      { account: 'customer:c', total: 0.9e9 },
      { account: 'installation', total: 52e9 },
      { account: 'member:t:eve', total: 0.5e9 },
      { account: 'tag:prod', total: 2e9 },
    ]);
  });

  it('tells of every row that it cannot take over, and takes the others', async () => {
    const plain = 'sk-never-hashed-and-secret';
    await world.old.insert(
      'LiteLLM_VerificationToken',
      { token: TOKEN, key_alias: 'same', created_at: '2025-01-01' },
      { token: hashOf('sk-b'), key_alias: 'same', created_at: '2025-01-02' },
      { token: plain, created_at: '2025-01-03' },
      { token: hashOf('sk-c'), team_id: 'no-such-team', created_at: '2025-01-04' },
      { token: hashOf('sk-d'), max_budget: 'NaN', created_at: '2025-01-05' },
      { token: hashOf('sk-e'), max_budget: -1, budget_duration: 'fortnight', created_at: '2025-01-06' },
      { token: hashOf('sk-f'), max_budget: 1e30, rpm_limit: -5, created_at: '2025-01-07' },
      { token: hashOf('sk-g'), key_name: plain, project_id: 'p-1', created_at: '2025-01-08' },
      { token: hashOf('sk-h'), user_id: 'a|b', created_at: '2025-01-09' },
      { token: hashOf('sk-i'), key_alias: `'); DROP TABLE turnpike.virtual_keys; --`, created_at: '2025-01-10' },
      {
        token: hashOf('sk-j'),
        metadata: { logging: [{ callback_vars: { langfuse_secret_key: 'litellm_enc::abc', host: 'h' } }] },
        created_at: '2025-01-11',
      },
      { token: hashOf('session'), team_id: 'litellm-dashboard', user_id: 'ada' },
    );
    const report = await world.take();
    expect(countOf(report, 'keys')).toEqual([11, 8, 0, 0, 3, 0]);
    expect(problemsOf(report)).toEqual([
      'sk-...cret: token is no SHA-256: nobody could call with this key there: not taken over',
      `${hashOf('sk-d')}: max_budget is no amount: "NaN": not taken over`,
      `${hashOf('sk-c')}: the team no-such-team is not here: not taken over`,
      `${hashOf('sk-b')}: keyAlias "same" is another one's already: taken over without`,
      `${hashOf('sk-e')}: max_budget is negative: taken as 0`,
      `${hashOf('sk-e')}: budget_duration is no duration: "fortnight": left out, so that what is spent is never counted anew`,
      `${hashOf('sk-f')}: max_budget is more than can be counted: taken as 9007199 USD`,
      `${hashOf('sk-f')}: rpm_limit is negative: taken as 0`,
      `${hashOf('sk-g')}: its project p-1 is not taken over: the models and the budget of the project do not hold here`,
      `${hashOf('sk-j')}: metadata.logging[0].callback_vars.langfuse_secret_key does not decrypt: left out; set it anew`,
      ': 1 keys of people who logged in at its dashboard: left out',
    ]);
    expect(JSON.stringify(report)).not.toContain(plain);
    expect((await world.keyOf(hashOf('sk-g'))).keyName).toBe('sk-...cret');
    expect((await world.keyOf(hashOf('sk-e'))).budget).toMatchObject({ maxNanoUsd: 0, duration: undefined });
    expect((await world.keyOf(hashOf('sk-j'))).metadata).toEqual({ logging: [{ callback_vars: { host: 'h' } }] });
    expect((await world.keyOf(hashOf('sk-i'))).keyAlias).toContain('DROP TABLE');
  });

  it('keeps a key that was replaced going for its grace period, and leaves out those whose period is over', async () => {
    await world.old.insert('LiteLLM_VerificationToken', { token: TOKEN });
    await world.old.insert(
      'LiteLLM_DeprecatedVerificationToken',
      { token: hashOf('sk-before'), active_token_id: TOKEN, revoke_at: utc(inHours(2)) },
      { token: hashOf('sk-long-before'), active_token_id: TOKEN, revoke_at: utc(inHours(-2)) },
    );
    expect(countOf(await world.take(), 'deprecated_keys')).toEqual([1, 1, 0, 0, 0, 0]);
    const { principal } = await world.ledger.get(AuthorizeService).authorize(hashOf('sk-before'));
    expect(principal?.keyHash).toBe(TOKEN);
  });

  it('opens the secrets of callbacks that are sealed there, and seals them here', async () => {
    const secret = 'sk-lf-of-the-team-0123';
    const marked = `litellm_enc::${sealed(secret)}`;
    const logging = [{ callback_name: 'langfuse', callback_vars: { langfuse_secret_key: marked } }];
    await world.old.insert('LiteLLM_TeamTable', { team_id: 't', metadata: { logging, elsewhere: marked } });
    await world.old.insert('LiteLLM_VerificationToken', { token: TOKEN, team_id: 't', metadata: { logging } });
    expect(problemsOf(await world.take())).toEqual(['t: metadata.elsewhere is sealed there: left out; set it anew']);
    const { principal } = await world.ledger.get(AuthorizeService).authorize(TOKEN);
    const opened = { logging: [{ callback_name: 'langfuse', callback_vars: { langfuse_secret_key: secret } }] };
    expect(principal).toMatchObject({ metadata: opened, teamMetadata: opened });
    const { key } = await world.ledger.get(KeyListService).get(ADMIN, { key: TOKEN });
    expect(JSON.stringify(key!.metadata)).not.toContain(secret);
    // What is the same there is not written again, though no two seals are alike.
    expect(countOf(await world.take({ overwrite: true }), 'keys').slice(0, 4)).toEqual([1, 0, 0, 1]);
  });

  it('lets no key rotate by itself, and says so', async () => {
    await world.old.insert('LiteLLM_VerificationToken', {
      token: TOKEN,
      auto_rotate: true,
      rotation_interval: '30d',
      rotation_count: 3,
      key_rotation_at: utc(inHours(1)),
    });
    expect((await world.take()).problems).toMatchObject([{ message: expect.stringContaining('auto_rotate is off') }]);
    const { key } = await world.ledger.get(KeyListService).get(ADMIN, { key: TOKEN });
    expect(key).toMatchObject({ autoRotate: false, rotationInterval: '30d', rotationCount: 3 });
    expect(key!.keyRotationAt).toBeUndefined();
  });

  it('counts what was spent in a period that is over as spent ever, and not in this one', async () => {
    await world.old.insert('LiteLLM_VerificationToken', {
      token: TOKEN,
      spend: 1,
      max_budget: 2,
      budget_duration: '1d',
      budget_reset_at: utc(inHours(-1)),
    });
    await world.take();
    const balance = (await world.balanceOf(`key:${TOKEN}`)) as { resetAt: Date };
    expect(balance).toMatchObject({ spent: 0, total: 1e9, duration: '1d' });
    expect(balance.resetAt.getTime()).toBeGreaterThan(Date.now());
  });

  it('reads databases of older and of newer versions, and in another schema', async () => {
    await world.renew({ isEarly: true, schema: 'llm proxy' });
    await world.old.insert('LiteLLM_TeamTable', { team_id: 't', admins: ['ada'], members: ['ada', 'bob'], spend: 1 });
    await world.old.insert('LiteLLM_UserTable', { user_id: 'ada', spend: 1 });
    await world.old.insert('LiteLLM_VerificationToken', {
      token: TOKEN,
      team_id: 't',
      spend: 0.5,
      a_column_of_tomorrow: { x: 1 },
    });
    const report = await world.take({ databaseUrl: `${world.old.url}?schema=llm%20proxy` });
    expect(countOf(report, 'keys')).toEqual([1, 1, 0, 0, 0, 0]);
    expect(report.missingTables).toEqual(expect.arrayContaining(['LiteLLM_OrganizationTable', 'LiteLLM_TagTable']));
    const { team } = await world.ledger.get(TeamListService).get(ADMIN, { teamId: 't' });
    expect(team!.members.map(({ userId, role }) => [userId, role])).toEqual([
      ['ada', 'admin'],
      ['bob', 'user'],
    ]);
    expect((await world.keyOf()).spendNanoUsd).toBe(0.5e9);
  });

  it('tells what has no place here', async () => {
    await world.old.insert('LiteLLM_Config', { param_name: 'general_settings', param_value: {} });
    await world.old.insert('LiteLLM_PromptTable', { id: 'x', prompt_id: 'y' });
    const { problems } = await world.take();
    expect(problems).toEqual([
      { table: 'LiteLLM_Config', id: '', message: expect.stringContaining('configuration file') },
      { table: 'LiteLLM_PromptTable', id: '', message: 'has no place here: left out' },
    ]);
  });

  it('only reads: the server itself refuses whatever would write', async () => {
    await world.old.query(`DROP TABLE "LiteLLM_TagTable"`);
    await world.old.query(`CREATE FUNCTION note() RETURNS text LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO "LiteLLM_Config" VALUES ('written', '{}'); RETURN 'tag'; END $$`);
    await world.old.query(`CREATE VIEW "LiteLLM_TagTable" AS SELECT note() AS tag_name`);
    await expect(world.take()).rejects.toMatchObject({
      code: 'GW_LEDGER_UNAVAILABLE',
      message: expect.stringContaining('cannot execute INSERT in a read-only transaction'),
    });
    expect(await world.old.query(`SELECT FROM "LiteLLM_Config"`)).toEqual([]);
  });

  it('takes over many rows, some hundred at a time', async () => {
    const tokens = Array.from({ length: 1_201 }, (_, at) => hashOf(`sk-${at}`));
    await world.old.query(
      `INSERT INTO "LiteLLM_VerificationToken" (token, spend) SELECT t, 0.5 FROM unnest('{${tokens.join(',')}}'::text[]) t`,
    );
    const report = await world.take();
    expect([countOf(report, 'keys'), countOf(report, 'spend')]).toEqual([
      [1_201, 1_201, 0, 0, 0, 0],
      [1_201, 0, 1_201, 0, 0, 0],
    ]);
    expect(await world.rowsIn('balances')).toBe(1_201);
  });

  it('takes over a part where only some nouns are named', async () => {
    await world.old.insert('LiteLLM_TeamTable', { team_id: 't' });
    await world.old.insert('LiteLLM_UserTable', { user_id: 'u' });
    const report = await world.take({ nouns: ['teams'] });
    expect(report.counts.map(({ noun }) => noun)).toEqual(['teams']);
    expect(await world.rowsIn('users')).toBe(0);
  });

  it('leaves one line in the record of changes, without secrets', async () => {
    await world.old.insert('LiteLLM_VerificationToken', { token: TOKEN });
    await world.take();
    const rows = await world.query<{ action: string; object_id: string; updated_values: object }[]>(
      `SELECT action, object_id, updated_values FROM turnpike.audit_log`,
    );
    expect(rows).toEqual([
      {
        action: 'imported',
        object_id: expect.stringMatching(/^postgres@127\.0\.0\.1:\d+\/test_/),
        updated_values: expect.objectContaining({ keys: expect.anything() }),
      },
    ]);
  });

  describe('is refused', () => {
    it.each<[string, Partial<ImportDatabaseRequest>, RegExp]>([
      ['an address that is none', { databaseUrl: 'nonsense' }, /database_url cannot be used: it has no scheme/],
      [
        'a database that does not answer',
        { databaseUrl: 'postgresql://u:p4ssw0rd@127.0.0.1:1/x' },
        /cannot be opened: .*ECONNREFUSED/,
      ],
      ['a schema without such tables', { databaseUrl: 'SCHEMA' }, /no tables of LiteLLM's in the schema elsewhere/],
      ['a noun that is none', { nouns: ['kyes'] }, /'kyes' is none of budgets/],
    ])('%s', async (_, some, message) => {
      const databaseUrl = some.databaseUrl === 'SCHEMA' ? `${world.old.url}?schema=elsewhere` : some.databaseUrl;
      const error: unknown = await world
        .take({ ...some, ...(databaseUrl && { databaseUrl }) })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'GW_INVALID_REQUEST', message: expect.stringMatching(message) });
      expect(String(error)).not.toContain('p4ssw0rd');
    });

    it('to whoever is no proxy admin', async () => {
      const request = aRequest({ databaseUrl: world.old.url });
      const caller = aCaller('internal_user', 'u');
      const steps = world.ledger.get(ImportService).importDatabase(caller, request, new AbortController().signal);
      await expect(steps.next()).rejects.toMatchObject({ code: 'GW_PERMISSION_DENIED' });
    });
  });
});
