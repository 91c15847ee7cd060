import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { VirtualKey } from '@turnpike/rpc';
import {
  GenerateKeyRequest,
  RegenerateKeyRequest,
  UpdateKeyRequest,
  type PartialOf,
  ListKeysRequest,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear, MASTER_KEY } from '../../test/services.js';
import { AuditLogRepository } from '../repositories/audit-log.repository.js';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { Changes } from '../repositories/changes.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { AuthorizeService } from './authorize.service.js';
import type { Caller } from './caller.js';
import { hashSecret } from './key-secret.js';
import { KeyListService } from './key-list.service.js';
import { KeyService } from './key.service.js';
import type { LedgerSettings } from './ledger-settings.js';
import { TemporaryBudgets } from './temporary-budgets.js';

const NANO = 1e9;
const NOON = Date.UTC(2026, 10, 21, 12);

type KeyPart = PartialOf<typeof VirtualKey>;

describeOnEachDatabase('virtual keys', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let keys: KeyService;
  let lists: KeyListService;
  let now = NOON;
  const settings: LedgerSettings = {};

  beforeAll(async () => {
    ledger = await aLedger(database().storage, { settings, now: () => now });
    keys = ledger.get(KeyService);
    lists = ledger.get(KeyListService);
  });

  beforeEach(async () => {
    now = NOON;
    for (const name of Object.keys(settings)) delete settings[name as keyof LedgerSettings];
    await clear(database().storage);
  });

  const generate = async (
    key: KeyPart = {},
    more: PartialOf<typeof GenerateKeyRequest> = {},
    caller: Caller = ADMIN,
  ) => {
    const made = await keys.generate(caller, GenerateKeyRequest.fromPartial({ key, ...more }));
    return { ...made, token: made.key!.token };
  };
  const update = (key: string, changes: KeyPart, updateMask: string[], caller: Caller = ADMIN, duration = '') =>
    keys.update(caller, UpdateKeyRequest.fromPartial({ key, changes, updateMask, duration }));
  const authorize = async (token: string) => (await ledger.get(AuthorizeService).authorize(token)).principal!;
  const balance = async (token: string) =>
    (await ledger.get(BalanceBook).read(database().manager, [`key:${token}`])).get(`key:${token}`);
  const spend = (token: string, nano: number) =>
    database().dataSource.transaction((manager) =>
      ledger.get(BalanceBook).setSpent(manager, new Map([[`key:${token}`, nano]])),
    );
  const aTeam = async (members: Record<string, 'admin' | 'user'> = {}, permissions: string[] = []) => {
    const { manager } = database();
    await ledger.get(TeamRepository).insert(manager, { teamId: 'red', memberPermissions: permissions });
    for (const [userId, role] of Object.entries(members)) {
      await ledger.get(TeamMembershipRepository).insert(manager, { teamId: 'red', userId, role });
    }
  };
  const recorded = async (since: number) =>
    (await ledger.get(Changes).since(database().manager, since)).changes.map(({ kind, id }) => `${kind} ${id}`);
  const clock = () => ledger.get(Changes).latest(database().manager);

  it('are made with all that was asked for, kept by their hash, and told of', async () => {
    const since = await clock();
    const asked: KeyPart = {
      keyAlias: 'alias',
      userId: 'ann',
      models: ['gpt-4o'],
      budget: { maxNanoUsd: 5 * NANO, duration: '1d' },
      limits: { rpm: 10 },
      modelTerms: { 'gpt-4o': { budget: { maxNanoUsd: NANO }, limits: { tpm: 100 } } },
      budgetWindows: [{ duration: '1h', maxNanoUsd: NANO }],
      metadata: { team: 'core', deep: { list: [1, null] } },
      aliases: { fast: 'gpt-4o' },
    };
    const { secret, key, token } = await generate(asked, { duration: '30d' });
    expect(token).toBe(hashSecret(secret));
    expect(key).toMatchObject({
      ...asked,
      keyName: `sk-...${secret.slice(-4)}`,
      expires: new Date(NOON + 30 * 86_400_000),
      budget: { maxNanoUsd: 5 * NANO, duration: '1d', resetAt: new Date(Date.UTC(2026, 10, 22)) },
      authorship: { createdBy: 'default_user_id' },
    });
    expect(await lists.get(ADMIN, { key: secret })).toEqual({ key });
    expect(await recorded(since)).toEqual([`key ${token}`]);
    const text = JSON.stringify(await database().dataSource.query('SELECT * FROM turnpike.audit_log'));
    expect(text).toContain(token);
    expect(text).not.toContain(secret);
  });

  it('are let in with what bounds and limits them', async () => {
    const { token } = await generate({
      budget: { maxNanoUsd: 5 * NANO },
      modelTerms: { 'gpt-4o': { budget: { maxNanoUsd: NANO }, limits: { tpm: 100 } } },
      limits: { rpm: 10 },
    });
    const { accounts, limits } = await authorize(token);
    expect(accounts.map(({ account, maxNanoUsd, model }) => [account, maxNanoUsd, model])).toEqual([
      [`key:${token}`, 5 * NANO, ''],
      [`key:${token}|model:gpt-4o`, NANO, 'gpt-4o'],
    ]);
    expect(limits.map(({ scope }) => scope)).toEqual([`key:${token}`, `key:${token}|model:gpt-4o`]);
  });

  it.each<[string, KeyPart, PartialOf<typeof GenerateKeyRequest>, RegExp]>([
    ['a negative budget', { budget: { maxNanoUsd: -1 } }, {}, /negative/],
    ['no number', { budget: { maxNanoUsd: NaN } }, {}, /not a number/],
    ['an unknown duration', {}, { duration: 'a while' }, /duration/],
    ['an unknown team', { teamId: 'nobody' }, {}, /no team 'nobody'/],
    ['an unknown shared budget', { budgetId: 'nobody' }, {}, /no such budget/],
    ['an unknown organization', { organizationId: 'nobody' }, {}, /no such organization/],
    ['a long alias', { keyAlias: 'a'.repeat(300) }, {}, /300 characters/],
    ['a short secret', {}, { secret: 'sk-1' }, /16 to 256/],
    ['a service account without a team', {}, { isServiceAccount: true }, /team_id/],
    [
      'an endless temporary budget',
      { metadata: { temp_budget_increase: 1e300, temp_budget_expiry: '2030-01-31' } },
      {},
      /temp_budget_increase: '1e\+300' is not/,
    ],
    ['half of a temporary budget', { metadata: { temp_budget_increase: 5 } }, {}, /set together/],
    [
      'rotation by itself',
      { autoRotate: true, rotationInterval: '30d' },
      {},
      /\/key\/\{key\}\/regenerate.*grace_period/,
    ],
    ['NUL in metadata', { metadata: { a: 'b\0' } }, {}, /NUL/],
  ])('are not made with %s', async (_title, key, more, message) => {
    await expect(generate(key, more)).rejects.toMatchObject({
      code: 'GW_INVALID_REQUEST',
      message: expect.stringMatching(message),
    });
  });

  it('are made once only: by secret, by alias, and never with the master key', async () => {
    await generate({ keyAlias: 'taken' }, { secret: 'sk-chosen-by-somebody' });
    const conflict = { code: 'GW_ALREADY_EXISTS' };
    await expect(generate({ keyAlias: 'taken' })).rejects.toMatchObject({
      ...conflict,
      message: expect.stringMatching(/'taken'/),
    });
    await expect(generate({}, { secret: 'sk-chosen-by-somebody' })).rejects.toMatchObject(conflict);
    await expect(generate({}, { secret: MASTER_KEY })).rejects.toMatchObject(conflict);
  });

  it('get the defaults and keep within the caps of the configuration', async () => {
    settings.default_key_generate_params = { max_budget: 2, models: ['a'], metadata: { from: 'defaults' } };
    settings.upperbound_key_generate_params = { max_budget: 10, rpm_limit: 5, duration: '7d' };
    const { key } = await generate({ metadata: { own: 1 } });
    expect(key).toMatchObject({
      budget: { maxNanoUsd: 2 * NANO },
      limits: { rpm: 5 },
      models: ['a'],
      metadata: { from: 'defaults', own: 1 },
      expires: new Date(NOON + 7 * 86_400_000),
    });
    await expect(generate({ budget: { maxNanoUsd: 11 * NANO } })).rejects.toThrow(/max_budget is over .* 11 > 10/);
    settings.upperbound_key_generate_params = { max_budget: NaN };
    await expect(generate({})).rejects.toThrow(/upperbound_key_generate_params.max_budget: 'NaN' is not/);
    settings.upperbound_key_generate_params = { rpm_limit: 5, duration: '7d' };
    await expect(generate({}, { duration: '8d' })).rejects.toThrow(/duration is over/);
    await expect(update(key!.token, { limits: { rpm: 6 } }, ['limits.rpm'])).rejects.toThrow(/rpm_limit is over/);
    await expect(update(key!.token, { keyAlias: 'x' }, ['key_alias'])).resolves.toMatchObject({
      key: { keyAlias: 'x' },
    });
  });

  it('are made only by whom the configuration lets, with what it requires', async () => {
    settings.key_generation_settings = {
      personal_key_generation: { allowed_user_roles: ['proxy_admin'], required_params: ['key_alias'] },
    };
    await expect(generate({}, {}, aCaller('internal_user', 'ann'))).rejects.toThrow(
      /only proxy_admin make personal keys/,
    );
    await expect(generate({})).rejects.toThrow(/requires 'key_alias'/);
    await expect(generate({ keyAlias: 'a' })).resolves.toBeDefined();
  });

  it('of a service account are a team’s and nobody’s', async () => {
    await aTeam();
    const { key } = await generate({ teamId: 'red', keyAlias: 'robot' }, { isServiceAccount: true });
    expect(key).toMatchObject({ userId: '', teamId: 'red', metadata: { service_account_id: 'robot' } });
  });

  it('that a user makes are the user’s', async () => {
    const ann = aCaller('internal_user', 'ann');
    const { key } = await generate({}, {}, ann);
    expect(key!.userId).toBe('ann');
    await expect(generate({ userId: 'bob' }, {}, ann)).rejects.toMatchObject({ code: 'GW_PERMISSION_DENIED' });
    await expect(generate({ permissions: { get_spend_routes: true } }, {}, ann)).rejects.toThrow(/permissions/);
    await expect(update(key!.token, { userId: 'bob' }, ['user_id'], ann)).rejects.toMatchObject({
      code: 'GW_PERMISSION_DENIED',
    });
    await expect(update(key!.token, { blocked: true }, ['blocked'], ann)).rejects.toThrow(/block/);
  });

  it('of a team are its admin’s to make, and a member’s who may', async () => {
    await aTeam({ ann: 'admin', bob: 'user' });
    const [ann, bob] = [aCaller('internal_user', 'ann'), aCaller('internal_user', 'bob')];
    await expect(generate({ teamId: 'red', userId: 'bob' }, {}, ann)).resolves.toBeDefined();
    await expect(generate({ teamId: 'red' }, {}, bob)).rejects.toMatchObject({ code: 'GW_PERMISSION_DENIED' });
    await ledger.get(TeamRepository).update(database().manager, 'red', { memberPermissions: ['/key/generate'] });
    await expect(generate({ teamId: 'red' }, {}, bob)).resolves.toMatchObject({ key: { userId: 'bob' } });
  });

  it('change only in what is named, and are told of under every secret that they had', async () => {
    const { token } = await generate({
      keyAlias: 'a',
      budget: { maxNanoUsd: 5, duration: '1d' },
      metadata: { one: 1, two: 2 },
    });
    const { key } = await keys.regenerate(ADMIN, RegenerateKeyRequest.fromPartial({ key: token, gracePeriod: '1h' }));
    const since = await clock();
    const changed = await update(key!.token, { budget: { maxNanoUsd: 7 }, metadata: { two: 3 } }, [
      'budget.max_nano_usd',
      'metadata.two',
    ]);
    expect(changed.key).toMatchObject({
      keyAlias: 'a',
      budget: { maxNanoUsd: 7, duration: '1d' },
      metadata: { one: 1, two: 3 },
    });
    expect(await recorded(since)).toEqual([`key ${key!.token}`, `key ${token}`]);
    expect((await balance(key!.token))!.max).toBe(7);
    await update(key!.token, {}, ['budget']);
    expect((await balance(key!.token))!.max).toBeUndefined();
  });

  it.each<[string, string, Date | undefined]>([
    ['1d', '1d', new Date(NOON + 86_400_000)],
    ['never', 'never', undefined],
    ['-1', '-1', undefined],
  ])('expire anew when asked for %s', async (_title, duration, expires) => {
    const { token } = await generate({}, { duration: '30d' });
    expect((await update(token, {}, [], ADMIN, duration)).key!.expires).toEqual(expires);
  });

  it('cannot be given what only the ledger counts', async () => {
    const { token } = await generate();
    await expect(update(token, { spendNanoUsd: 1 }, ['spend_nano_usd'])).rejects.toThrow(/cannot be set/);
    await expect(update('ab'.repeat(32), {}, [])).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
  });

  it('may spend more for a while', async () => {
    const { token } = await generate({ budget: { maxNanoUsd: NANO } });
    const expiry = new Date(NOON + 60_000).toISOString();
    const metadata = { temp_budget_increase: 2, temp_budget_expiry: expiry, own: true };
    await update(token, { metadata }, ['metadata']);
    expect((await authorize(token)).accounts[0]!.maxNanoUsd).toBe(3 * NANO);
    expect(await ledger.get(TemporaryBudgets).end()).toBe(0);
    now += 60_001;
    const since = await clock();
    expect(await ledger.get(TemporaryBudgets).end()).toBe(1);
    expect(await recorded(since)).toEqual([`key ${token}`]);
    expect((await balance(token))!.max).toBe(NANO);
    expect((await lists.get(ADMIN, { key: token })).key!.metadata).toEqual({ own: true });
  });

  it('are not guaranteed more than their team has, counted with its other keys', async () => {
    await ledger.get(TeamRepository).insert(database().manager, { teamId: 'red', rpmLimit: 100 });
    const guaranteed = { rpm_limit_type: 'guaranteed_throughput', tpm_limit_type: 'guaranteed_throughput' };
    const asking = (rpm: number, metadata: KeyPart['metadata'] = guaranteed): KeyPart => ({
      teamId: 'red',
      limits: { rpm, tpm: 5 },
      metadata,
    });
    const { token } = await generate(asking(60));
    await expect(generate(asking(41))).rejects.toThrow(
      'rpm_limit 41 cannot be guaranteed: other keys of the team have 60',
    );
    await generate(asking(41, {}));
    await expect(update(token, { limits: { rpm: 60 } }, ['limits.rpm'])).rejects.toThrow(
      'other keys of the team have 41',
    );
    expect((await update(token, { limits: { rpm: 59 } }, ['limits.rpm'])).key!.limits!.rpm).toBe(59);
    await generate({ limits: { rpm: 1_000 }, metadata: guaranteed });
  });

  it('have no policies, which nothing would heed, and keep those that they had', async () => {
    await expect(generate({ metadata: { policies: ['strict'] } })).rejects.toThrow(/policies are not offered/);
    const { token } = await generate({ metadata: { policies: [] } });
    const change = update(token, { metadata: { policies: ['strict'] } }, ['metadata.policies']);
    await expect(change).rejects.toThrow(/policies are not offered/);
    await ledger.get(VirtualKeyRepository).update(database().manager, token, { metadata: { policies: ['old'] } });
    expect((await update(token, { models: ['m'] }, ['models'])).key!.metadata).toEqual({ policies: ['old'] });
  });

  it('may not offer the tools that they, or their team, have blocked', async () => {
    const objectPermission = (tool: string) => ({ blocked_tools: [tool, 7], vector_stores: ['v'] });
    const insert = { teamId: 'red', objectPermission: objectPermission('shell') };
    await ledger.get(TeamRepository).insert(database().manager, insert);
    const { token, key } = await generate({ teamId: 'red', objectPermission: objectPermission('search') });
    expect(key!.objectPermission).toEqual(objectPermission('search'));
    expect((await authorize(token)).blockedTools).toEqual(['search', 'shell']);
  });

  it('have the terms of a shared budget where they have none', async () => {
    await ledger
      .get(BudgetRepository)
      .insert(database().manager, { budgetId: 'small', maxBudgetNano: 3, budgetDuration: '1d' });
    const { token } = await generate({ budgetId: 'small' });
    expect(await balance(token)).toMatchObject({ max: 3, duration: '1d' });
  });

  it('are blocked and let in again', async () => {
    const { token } = await generate();
    await keys.block(ADMIN, { key: token, blocked: true });
    expect((await authorize(token)).refusal).toMatch(/blocked/);
    await keys.block(ADMIN, { key: token, blocked: false });
    expect((await authorize(token)).refusal).toBe('');
  });

  it('get a new secret, keep what was spent, and the old one for its grace', async () => {
    const { token, secret } = await generate({ keyAlias: 'a', budget: { maxNanoUsd: 5 * NANO } });
    await spend(token, NANO);
    const again = await keys.regenerate(
      ADMIN,
      RegenerateKeyRequest.fromPartial({
        key: secret,
        gracePeriod: '1h',
        changes: { models: ['m'] },
        updateMask: ['models'],
      }),
    );
    expect(again.secret).not.toBe(secret);
    expect(again.key).toMatchObject({ keyAlias: 'a', models: ['m'], rotationCount: 1, spendNanoUsd: NANO });
    expect(await authorize(token)).toMatchObject({ keyHash: again.key!.token });
    now += 3_600_000;
    await expect(authorize(token)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    expect(await balance(token)).toBeUndefined();
  });

  it('do not begin to rotate by themselves with a change, and what is left of it goes', async () => {
    const { token } = await generate({ rotationInterval: '30d' });
    await expect(update(token, { autoRotate: true }, ['auto_rotate'])).rejects.toThrow(/auto_rotate is not offered/);
    const regenerated = RegenerateKeyRequest.fromPartial({
      key: token,
      changes: { autoRotate: true },
      updateMask: ['auto_rotate'],
    });
    await expect(keys.regenerate(ADMIN, regenerated)).rejects.toThrow(/auto_rotate is not offered/);
    // As an older release let them be made.
    await ledger.get(VirtualKeyRepository).update(database().manager, token, { autoRotate: true });
    expect((await update(token, { models: ['m'] }, ['models'])).key).toMatchObject({ autoRotate: true, models: ['m'] });
    expect((await update(token, {}, ['auto_rotate'])).key!.autoRotate).toBe(false);
  });

  it('have the grace of the configuration where none is asked for', async () => {
    const graceful = await aLedger(database().storage, { now: () => now, rotationGrace: '1h' });
    const regenerate = (key: string, gracePeriod = '') =>
      graceful.get(KeyService).regenerate(ADMIN, RegenerateKeyRequest.fromPartial({ key, gracePeriod }));
    const [usual, none] = [await generate(), await generate()];
    const again = await regenerate(usual.token);
    expect(await authorize(usual.token)).toMatchObject({ keyHash: again.key!.token });
    now += 3_600_000;
    await expect(authorize(usual.token)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    await regenerate(none.token, 'none');
    await expect(authorize(none.token)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
  });

  it('without grace lose the old secret at once', async () => {
    const { token } = await generate();
    await keys.regenerate(ADMIN, RegenerateKeyRequest.fromPartial({ key: token }));
    await expect(authorize(token)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
  });

  it('are deleted by secret, token or alias, and listed as deleted', async () => {
    const [a, b, c] = [await generate(), await generate(), await generate({ keyAlias: 'c' })];
    const { deletedKeys } = await keys.delete(ADMIN, {
      keys: [a.secret, b.token, 'ab'.repeat(32)],
      keyAliases: ['c', 'nobody'],
    });
    expect(deletedKeys.sort()).toEqual([a.secret, b.token, 'c'].sort());
    await expect(authorize(a.token)).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
    const { keys: deleted } = await lists.list(ADMIN, ListKeysRequest.fromPartial({ status: 'deleted' }));
    expect(deleted.map(({ token }) => token).sort()).toEqual([a.token, b.token, c.token].sort());
    await expect(keys.delete(ADMIN, { keys: [a.token], keyAliases: [] })).rejects.toMatchObject({
      code: 'GW_NOT_FOUND',
    });
    await expect(keys.delete(ADMIN, { keys: [], keyAliases: [] })).rejects.toThrow(/at least one/);
  });

  it('are deleted all or none', async () => {
    const ann = aCaller('internal_user', 'ann');
    const [own, other] = [await generate({}, {}, ann), await generate({ userId: 'bob' })];
    await expect(keys.delete(ann, { keys: [own.token, other.token], keyAliases: [] })).rejects.toThrow(/may not/);
    expect((await authorize(own.token)).refusal).toBe('');
  });

  it('get what was spent corrected', async () => {
    const { token } = await generate({ budget: { maxNanoUsd: 5 * NANO } });
    await spend(token, 2 * NANO);
    const reset = (resetToNanoUsd: number, caller = ADMIN) => keys.resetSpend(caller, { key: token, resetToNanoUsd });
    expect((await reset(NANO)).key!.spendNanoUsd).toBe(NANO);
    await expect(reset(3 * NANO)).rejects.toThrow(/more than what was spent/);
    await expect(reset(0, aCaller('internal_user', 'ann'))).rejects.toMatchObject({ code: 'GW_PERMISSION_DENIED' });
  });

  it('leave a line in the audit log for everything that happens to them', async () => {
    const { token } = await generate({ keyAlias: 'a' });
    await update(token, { keyAlias: 'b' }, ['key_alias']);
    await keys.block(ADMIN, { key: token, blocked: true });
    await keys.delete(ADMIN, { keys: [token], keyAliases: [] });
    const page = { page: 1, size: 10, sortBy: 'updated_at' };
    const { rows } = await ledger.get(AuditLogRepository).page(database().manager, { objectId: token }, page);
    expect(
      rows.map(({ action, beforeValue, updatedValues }) => [
        action,
        beforeValue?.['key_alias'],
        updatedValues?.['key_alias'],
      ]),
    ).toEqual([
      ['created', undefined, 'a'],
      ['updated', 'a', 'b'],
      ['blocked', 'b', 'b'],
      ['deleted', 'b', undefined],
    ]);
    expect(rows[0]).toMatchObject({ changedBy: 'default_user_id', tableName: 'LiteLLM_VerificationToken' });
  });

  it('are listed in pages, in any order, to those who may see them', async () => {
    await aTeam({ ann: 'admin', bob: 'user' });
    await generate({ keyAlias: 'ann-1', userId: 'ann' });
    await generate({ keyAlias: 'bob-1', userId: 'bob' });
    await generate({ keyAlias: 'bob-red', userId: 'bob', teamId: 'red' });
    const list = async (caller: Caller, request: PartialOf<typeof ListKeysRequest> = {}) => {
      const page = { page: 1, size: 100, sortBy: 'key_alias' };
      const { keys: found } = await lists.list(caller, ListKeysRequest.fromPartial({ page, ...request }));
      return found.map(({ keyAlias }) => keyAlias);
    };
    const [ann, bob] = [aCaller('internal_user', 'ann'), aCaller('internal_user_viewer', 'bob')];
    expect(await list(ADMIN)).toEqual(['ann-1', 'bob-1', 'bob-red']);
    expect(await list(aCaller('proxy_admin_viewer', 'eve'), { userId: 'bob' })).toEqual(['bob-1', 'bob-red']);
    expect(await list(ADMIN, { userId: 'ann', includeTeamKeys: true })).toEqual(['ann-1', 'bob-red']);
    expect(await list(ann)).toEqual(['ann-1', 'bob-red']);
    expect(await list(ann, { teamId: 'red' })).toEqual(['bob-red']);
    expect(await list(bob)).toEqual(['bob-1', 'bob-red']);
    await expect(list(bob, { userId: 'ann' })).rejects.toMatchObject({ code: 'GW_PERMISSION_DENIED' });
    const page = await lists.list(
      ADMIN,
      ListKeysRequest.fromPartial({ page: { page: 2, size: 2, sortBy: 'key_alias' } }),
    );
    expect(page.page).toEqual({ totalCount: 3, page: 2, size: 2, totalPages: 2 });
    expect(page.keys.map(({ keyAlias }) => keyAlias)).toEqual(['bob-red']);
    expect((await lists.listAliases(bob, { page: undefined, search: 'bob' })).aliases).toEqual(['bob-1', 'bob-red']);
  });

  it('are seen by their owners and by themselves, not by others', async () => {
    const { token } = await generate({ userId: 'ann' });
    const own = { key: token };
    await expect(lists.get(aCaller('internal_user', 'ann'), own)).resolves.toBeDefined();
    await expect(lists.get(aCaller(undefined, undefined, { keyHash: token }), { key: '' })).resolves.toBeDefined();
    await expect(lists.get(aCaller('internal_user', 'bob'), own)).rejects.toMatchObject({
      code: 'GW_PERMISSION_DENIED',
    });
    await expect(lists.get(ADMIN, { key: 'ab'.repeat(32) })).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
  });
});
