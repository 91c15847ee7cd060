// Every repository on both databases: rows come back as they went in, and text is never anything but text.
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { EntityManager, ObjectLiteral } from 'typeorm';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ENTITIES } from '../schema/entities/index.js';
import { violationOf } from '../storage/database-error.js';
import { inTransaction } from '../storage/in-transaction.js';
import { AccessGroupRepository } from './access-group.repository.js';
import { AuditLogRepository } from './audit-log.repository.js';
import { BudgetRepository } from './budget.repository.js';
import { CredentialRepository } from './credential.repository.js';
import { CustomerRepository } from './customer.repository.js';
import { DeletedKeyRepository } from './deleted-key.repository.js';
import { DeprecatedKeyRepository } from './deprecated-key.repository.js';
import { ModelRepository } from './model.repository.js';
import { OrganizationMembershipRepository } from './organization-membership.repository.js';
import { OrganizationRepository } from './organization.repository.js';
import type { Page, PageQuery } from './paging.js';
import type { Repository } from './repository.js';
import { SettingRepository } from './setting.repository.js';
import { TagRepository } from './tag.repository.js';
import { TeamMembershipRepository } from './team-membership.repository.js';
import { TeamRepository } from './team.repository.js';
import { UserRepository } from './user.repository.js';
import { VirtualKeyRepository } from './virtual-key.repository.js';

const keys = new VirtualKeyRepository();
const deletedKeys = new DeletedKeyRepository();
const deprecatedKeys = new DeprecatedKeyRepository();
const teams = new TeamRepository();
const teamMembers = new TeamMembershipRepository();
const users = new UserRepository();
const organizations = new OrganizationRepository();
const organizationMembers = new OrganizationMembershipRepository();
const customers = new CustomerRepository();
const budgets = new BudgetRepository();
const tags = new TagRepository();
const groups = new AccessGroupRepository();
const models = new ModelRepository();
const credentials = new CredentialRepository();
const settings = new SettingRepository();
const audit = new AuditLogRepository();

const tokenOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const aKey = (name: string): { token: string; keyName: string } => ({ token: tokenOf(name), keyName: 'sk-...abcd' });
const FIRST: PageQuery = { page: 1, size: 100 };

/** What breaks statements that are put together from text. */
const HOSTILE = `'; DROP TABLE turnpike.teams; -- " \\ $1 :id %s {} \u0001 😀`;

/** One row of each, with as little as it takes; and an id of another that does not exist. */
const NOUNS = (
  [
    ['virtual key', keys, (id) => aKey(id)],
    ['team', teams, (teamId) => ({ teamId })],
    ['user', users, (userId) => ({ userId })],
    ['organisation', organizations, (organizationId) => ({ organizationId })],
    ['customer', customers, (customerId) => ({ customerId })],
    ['budget', budgets, (budgetId) => ({ budgetId })],
    ['tag', tags, (tagName) => ({ tagName })],
    ['access group', groups, (accessGroupId) => ({ accessGroupId, name: accessGroupId })],
    ['model', models, (modelId) => ({ modelId, modelName: 'm', litellmParams: 'tp1:' })],
    [
      'credential',
      credentials,
      (credentialId) => ({ credentialId, credentialName: credentialId, credentialValues: 'tp1:' }),
    ],
    ['setting', settings, (paramName) => ({ paramName, paramValue: 'tp1:' })],
  ] as [string, unknown, (id: string) => ObjectLiteral][]
).map(([name, repository, row]) => [name, repository as Repository<ObjectLiteral>, row] as const);

describeOnEachDatabase('repositories', (database) => {
  let manager: EntityManager;
  beforeAll(() => {
    manager = database().manager;
  });
  beforeEach(async () => {
    const tables = ENTITIES.map((entity) => manager.dataSource.getMetadata(entity).tableName);
    const kept = ['change_clock', 'changes'];
    const emptied = tables
      .filter((table) => !kept.includes(table))
      .map((table) => `${table} AS (DELETE FROM turnpike.${table})`);
    // One statement, since references are looked at when it ends; TRUNCATE takes ten times as long.
    await manager.query(`WITH ${emptied.join(', ')} SELECT`);
  });

  describe.each(NOUNS)('of a %s', (_, repository, row) => {
    const idOf = (entity: ObjectLiteral): string => entity[(repository as unknown as { id: string }).id] as string;

    it('inserts with defaults, finds, changes what is given, and deletes', async () => {
      const before = Date.now();
      const made = await repository.insert(manager, row('one'));
      expect(made).toMatchObject(row('one'));
      expect((made['createdAt'] as Date).getTime()).toBeGreaterThan(before - 1_000);
      expect(await repository.find(manager, idOf(made))).toEqual(made);
      const other = await repository.insert(manager, row('two'));
      const changed = await repository.update(manager, idOf(made), { createdBy: 'me', updatedBy: undefined });
      expect(changed).toEqual({ ...made, createdBy: 'me', updatedAt: changed!['updatedAt'] });
      expect((changed!['updatedAt'] as Date).getTime()).toBeGreaterThanOrEqual((made['updatedAt'] as Date).getTime());
      expect(await repository.findMany(manager, [idOf(other), idOf(made), 'nobody'])).toHaveLength(2);
      expect(await repository.delete(manager, [idOf(made), 'nobody'])).toEqual([changed]);
      expect(await repository.find(manager, idOf(made))).toBeNull();
      expect(await repository.find(manager, idOf(other))).toEqual(other);
    });

    it('finds and changes nothing where there is nothing', async () => {
      for (const id of ['nobody', 'a\0b', 'a\udc00b', HOSTILE]) {
        expect(await repository.find(manager, id)).toBeNull();
        expect(await inTransaction(database().dataSource, (own) => repository.lock(own, id))).toBeNull();
        expect(await repository.findMany(manager, [id])).toEqual([]);
        expect(await repository.update(manager, id, { createdBy: 'me' })).toBeNull();
        expect(await repository.delete(manager, [id])).toEqual([]);
      }
      expect(await repository.findMany(manager, [])).toEqual([]);
    });

    it('takes an id once', async () => {
      await repository.insert(manager, row('one'));
      const error = await repository.insert(manager, row('one')).catch((thrown: unknown) => thrown);
      expect(violationOf(error)?.kind).toBe('unique');
    });

    it('keeps any text in any field as it is, and refuses what cannot be kept', async () => {
      const made = await repository.insert(manager, row('one'));
      const { columns } = manager.dataSource.getMetadata(repository['entity' as never]);
      const references = ['teamId', 'organizationId', 'budgetId'];
      for (const { propertyName, databaseName, type, isArray, isPrimary } of columns) {
        if (isPrimary || references.includes(propertyName)) continue;
        const wrap = (text: string): unknown => {
          if (type === 'jsonb') return databaseName === 'budget_windows' ? [text] : { [text]: [text] };
          return isArray ? [text, ''] : text;
        };
        if (type !== 'text' && type !== 'jsonb') continue;
        const changed = await repository.update(manager, idOf(made), { [propertyName]: wrap(HOSTILE) });
        expect(changed![propertyName]).toEqual(wrap(HOSTILE));
        expect((await repository.find(manager, idOf(made)))![propertyName]).toEqual(wrap(HOSTILE));
        for (const [text, why] of [
          ['\0', 'NUL'],
          ['\ud800', 'surrogate'],
        ] as const)
          await expect(repository.update(manager, idOf(made), { [propertyName]: wrap(text) })).rejects.toThrow(
            new RegExp(`${databaseName}.* contains .*${why}`),
          );
      }
    });

    it('lets one at a time change a row that is locked', async () => {
      const made = await repository.insert(manager, row('one'));
      const order: string[] = [];
      const change = (name: string): Promise<void> =>
        inTransaction(database().dataSource, async (own) => {
          const locked = await repository.lock(own, idOf(made));
          order.push(`${name} reads ${String(locked!['createdBy'])}`);
          await repository.update(own, idOf(made), { createdBy: name });
        });
      await Promise.all([change('a'), change('b')]);
      const first = order[0]!.startsWith('a') ? 'a' : 'b';
      expect(order).toEqual([`${first} reads null`, `${first === 'a' ? 'b' : 'a'} reads ${first}`]);
    });
  });

  describe('lists', () => {
    const idsOf = <Row>(page: Page<Row>, id: keyof Row): unknown[] => page.rows.map((row) => row[id]);

    beforeEach(async () => {
      for (const [index, name] of ['delta', 'alpha', 'charlie', 'bravo'].entries())
        await teams.insert(manager, {
          teamId: name,
          teamAlias: `${name} 100%_x`,
          maxBudgetNano: name === 'charlie' ? null : index * 10,
          createdAt: new Date(Date.UTC(2026, 0, index + 1)),
        });
    });

    it('begin with the newest, in parts, and tell how many there are', async () => {
      const first = await teams.page(manager, {}, { page: 1, size: 3 });
      expect([idsOf(first, 'teamId'), first.totalCount]).toEqual([['bravo', 'charlie', 'alpha'], 4]);
      expect(first.rows[0]).toEqual(await teams.find(manager, 'bravo'));
      expect(idsOf(await teams.page(manager, {}, { page: 2, size: 3 }), 'teamId')).toEqual(['delta']);
      expect(await teams.page(manager, {}, { page: 3, size: 3 })).toEqual({ rows: [], totalCount: 4 });
      expect(idsOf(await teams.page(manager, {}, { page: 1, size: 0 }), 'teamId')).toHaveLength(4);
    });

    it.each([
      ['team_alias', false, ['alpha', 'bravo', 'charlie', 'delta']],
      ['team_alias', true, ['delta', 'charlie', 'bravo', 'alpha']],
      ['max_budget', false, ['delta', 'alpha', 'bravo', 'charlie']],
      ['max_budget', true, ['bravo', 'alpha', 'delta', 'charlie']],
      ['created_at', false, ['delta', 'alpha', 'charlie', 'bravo']],
    ])('are sorted by %s, descending %p, with what has none at the end', async (sortBy, descending, expected) => {
      expect(idsOf(await teams.page(manager, {}, { ...FIRST, sortBy, descending }), 'teamId')).toEqual(expected);
    });

    it('are sorted by what was spent', async () => {
      await manager.query(
        `INSERT INTO turnpike.balances (account, spent_nano) VALUES ('team:alpha', 5), ('team:charlie', 9), ('key:alpha', 99)`,
      );
      const page = await teams.page(manager, {}, { ...FIRST, sortBy: 'spend', descending: true });
      expect(idsOf(page, 'teamId')).toEqual(['charlie', 'alpha', 'delta', 'bravo']);
      await manager.query('DELETE FROM turnpike.balances');
    });

    it.each([
      [{ page: 0, size: 10 }, 'page'],
      [{ page: 1, size: 101 }, 'size'],
      [{ page: 1.5, size: 10 }, 'page'],
      [{ page: 1, size: 10, sortBy: 'metadata' }, 'sort_by must be one of created_at'],
      [{ page: 1, size: 10, sortBy: 'created_at; DROP TABLE turnpike.teams' }, 'sort_by'],
      [{ page: 1, size: 10, sortBy: 'constructor' }, 'sort_by'],
    ])('refuse %p', async (query, message) => {
      await expect(teams.page(manager, {}, query)).rejects.toThrow(message);
    });

    it('are narrowed by parts of a name, of which no character means another', async () => {
      const found = async (aliasPart: string): Promise<unknown[]> =>
        idsOf(await teams.page(manager, { aliasPart }, { ...FIRST, sortBy: 'team_id' }), 'teamId');
      expect(await found('ALPHA')).toEqual(['alpha']);
      expect(await found('100%_')).toHaveLength(4);
      expect(await found('100__')).toEqual([]);
      expect(await found('%%')).toEqual([]);
      expect(await found('\\')).toEqual([]);
      expect(await found(HOSTILE)).toEqual([]);
      await expect(found('\0')).rejects.toThrow('filter.aliasPart contains a NUL');
    });

    it('of teams are narrowed by member, organisation and id', async () => {
      await organizations.insert(manager, { organizationId: 'o' });
      await teams.update(manager, 'alpha', { organizationId: 'o' });
      await teamMembers.insert(manager, { teamId: 'bravo', userId: 'u', role: 'user' });
      expect(idsOf(await teams.page(manager, { memberId: 'u' }, FIRST), 'teamId')).toEqual(['bravo']);
      expect(idsOf(await teams.page(manager, { organizationIds: ['o'] }, FIRST), 'teamId')).toEqual(['alpha']);
      expect(idsOf(await teams.page(manager, { teamIds: ['delta'] }, FIRST), 'teamId')).toEqual(['delta']);
      expect(idsOf(await teams.page(manager, { teamIds: [] }, FIRST), 'teamId')).toEqual([]);
    });

    it('of users are narrowed by address, role, team and organisation', async () => {
      await organizations.insert(manager, { organizationId: 'o' });
      await users.insert(manager, {
        userId: 'a',
        userEmail: 'Ann@Example.com',
        userRole: 'internal_user',
        ssoUserId: 's',
      });
      await users.insert(manager, { userId: 'b', userEmail: 'bob@example.org', organizationId: 'o' });
      await teamMembers.insert(manager, { teamId: 'alpha', userId: 'b', role: 'admin' });
      await organizationMembers.insert(manager, { organizationId: 'o', userId: 'a', role: 'org_admin' });
      const found = async (filter: Parameters<UserRepository['page']>[1]): Promise<unknown[]> =>
        idsOf(await users.page(manager, filter, { ...FIRST, sortBy: 'user_id' }), 'userId');
      expect(await found({ emailPart: 'ann@' })).toEqual(['a']);
      expect(await found({ userRole: 'internal_user' })).toEqual(['a']);
      expect(await found({ teamId: 'alpha' })).toEqual(['b']);
      expect(await found({ organizationIds: ['o'] })).toEqual(['a', 'b']);
      expect(await found({ ssoUserIds: ['s'], userIds: ['a', 'b'] })).toEqual(['a']);
      expect((await users.findByEmails(manager, ['ANN@example.COM'])).map(({ userId }) => userId)).toEqual(['a']);
      expect((await users.findBySsoId(manager, 's'))?.userId).toBe('a');
    });

    it('of the others are narrowed by what they are looked up by', async () => {
      await organizations.insert(manager, { organizationId: 'o', organizationAlias: 'Acme' });
      await customers.insert(manager, { customerId: 'c', alias: 'Carl' });
      await models.insert(manager, { modelId: 'm', modelName: 'gpt', litellmParams: 'tp1:', teamId: 'alpha' });
      await models.insert(manager, { modelId: 'n', modelName: 'claude', litellmParams: 'tp1:' });
      await groups.insert(manager, { accessGroupId: 'g', name: 'fast' });
      await credentials.insert(manager, { credentialId: 'x', credentialName: 'azure', credentialValues: 'tp1:' });
      expect(idsOf(await organizations.page(manager, { aliasPart: 'acm' }, FIRST), 'organizationId')).toEqual(['o']);
      expect(idsOf(await organizations.page(manager, { organizationIds: [] }, FIRST), 'organizationId')).toEqual([]);
      expect(idsOf(await customers.page(manager, 'car', FIRST), 'customerId')).toEqual(['c']);
      expect(idsOf(await customers.page(manager, 'nobody', FIRST), 'customerId')).toEqual([]);
      expect(idsOf(await models.page(manager, { modelName: 'gpt' }, FIRST), 'modelId')).toEqual(['m']);
      expect(idsOf(await models.page(manager, { teamId: 'alpha' }, FIRST), 'modelId')).toEqual(['m']);
      expect(idsOf(await models.page(manager, { search: 'CLAU' }, FIRST), 'modelId')).toEqual(['n']);
      expect((await models.all(manager)).map(({ modelId }) => modelId)).toEqual(['m', 'n']);
      expect((await groups.findByName(manager, 'fast'))?.accessGroupId).toBe('g');
      expect((await credentials.findByName(manager, 'azure'))?.credentialId).toBe('x');
      expect(await credentials.findByName(manager, 'none')).toBeNull();
    });
  });

  describe('of keys', () => {
    beforeEach(async () => {
      await teams.insert(manager, { teamId: 't' });
      await keys.insert(manager, { ...aKey('mine'), keyAlias: 'mine', userId: 'u', expires: new Date(5_000) });
      await keys.insert(manager, { ...aKey('ours'), keyAlias: 'ours', teamId: 't', metadata: { deep: [1.5] } });
      await keys.insert(manager, { ...aKey('made'), createdBy: 'u', maxBudgetNano: Number.MAX_SAFE_INTEGER });
    });

    const found = async (filter: Parameters<VirtualKeyRepository['page']>[1]): Promise<string[]> =>
      (await keys.page(manager, filter, FIRST)).rows.map(({ token }) => token).sort();
    const tokens = (...names: string[]): string[] => names.map(tokenOf).sort();

    it('narrow lists by owner, team, author, alias and token', async () => {
      expect(await found({})).toEqual(tokens('mine', 'ours', 'made'));
      expect(await found({ anyOf: { userId: 'u' } })).toEqual(tokens('mine'));
      expect(await found({ anyOf: { userId: 'u', teamIds: ['t'], createdBy: 'u' } })).toEqual(
        tokens('mine', 'ours', 'made'),
      );
      expect(await found({ anyOf: {} })).toEqual([]);
      expect(await found({ teamId: 't', anyOf: { userId: 'u' } })).toEqual([]);
      expect(await found({ keyAlias: 'ours' })).toEqual(tokens('ours'));
      expect(await found({ token: tokenOf('made') })).toEqual(tokens('made'));
      expect(await found({ organizationId: 'none' })).toEqual([]);
      expect((await keys.ofOwner(manager, { teamIds: ['t'] })).map(({ token }) => token)).toEqual(tokens('ours'));
      expect(await keys.countByUser(manager, ['u', 'nobody'])).toEqual(new Map([['u', 1]]));
      expect((await keys.findByAliases(manager, ['ours', 'none'])).map(({ token }) => token)).toEqual(tokens('ours'));
    });

    it('list their aliases, all or by a part', async () => {
      expect(await keys.pageAliases(manager, {}, '', FIRST)).toEqual({ rows: ['mine', 'ours'], totalCount: 2 });
      expect(await keys.pageAliases(manager, {}, 'OUR', FIRST)).toEqual({ rows: ['ours'], totalCount: 1 });
      expect((await keys.pageAliases(manager, {}, '', { page: 2, size: 1 })).rows).toEqual(['ours']);
    });

    it('keep amounts to the last nano-dollar, and refuse what no number counts', async () => {
      expect((await keys.find(manager, tokenOf('made')))!.maxBudgetNano).toBe(Number.MAX_SAFE_INTEGER);
      for (const maxBudgetNano of [-1, Number.MAX_SAFE_INTEGER + 1]) {
        const error = await keys.update(manager, tokenOf('made'), { maxBudgetNano }).catch((thrown: unknown) => thrown);
        expect(violationOf(error)?.kind).toBe('check');
      }
    });

    it('have an alias once, a hash for a token, and a team that is there', async () => {
      const failed = async (changes: object): Promise<unknown> =>
        violationOf(await keys.insert(manager, { ...aKey('x'), ...changes }).catch((thrown: unknown) => thrown));
      expect(await failed({ keyAlias: 'mine' })).toEqual({ kind: 'unique', constraint: 'virtual_keys_key_alias_key' });
      expect(await failed({ token: 'sk-plain' })).toMatchObject({ kind: 'check' });
      expect(await failed({ teamId: 'gone' })).toMatchObject({ kind: 'foreign-key' });
      const error = await teams.delete(manager, ['t']).catch((thrown: unknown) => thrown);
      expect(violationOf(error)).toMatchObject({ kind: 'foreign-key' });
    });

    it('are kept when they are deleted, as they were', async () => {
      const was = await keys.find(manager, tokenOf('mine'));
      expect(await keys.moveToDeleted(manager, [tokenOf('mine'), tokenOf('none')], 'admin')).toEqual([tokenOf('mine')]);
      await keys.moveToDeleted(manager, [tokenOf('ours')], null);
      expect(await found({})).toEqual(tokens('made'));
      const { rows, totalCount } = await deletedKeys.page(manager, { anyOf: { userId: 'u' } }, FIRST);
      expect([rows, totalCount]).toEqual([[{ key: was, deletedAt: expect.any(Date), deletedBy: 'admin' }], 1]);
      expect((await deletedKeys.page(manager, { teamId: 't' }, FIRST)).rows[0]!.key.metadata).toEqual({ deep: [1.5] });
      expect((await deletedKeys.page(manager, {}, FIRST)).totalCount).toBe(2);
      expect((await deletedKeys.page(manager, { keyAlias: 'made' }, FIRST)).totalCount).toBe(0);
    });

    it('are replaced with a grace period, over and over', async () => {
      const soon = new Date(Date.now() + 60_000);
      const next = await keys.replaceToken(manager, tokenOf('mine'), { token: tokenOf('mine 2'), rotationCount: 1 });
      expect(next).toMatchObject({ keyAlias: 'mine', userId: 'u', rotationCount: 1 });
      await deprecatedKeys.insert(manager, {
        token: tokenOf('mine'),
        activeTokenId: tokenOf('mine 2'),
        revokeAt: soon,
      });
      await keys.replaceToken(manager, tokenOf('mine 2'), { token: tokenOf('mine 3') });
      const activeOf = async (now: Date): Promise<string | undefined> =>
        (await deprecatedKeys.findActive(manager, tokenOf('mine'), now))?.activeTokenId;
      expect(await activeOf(new Date())).toBe(tokenOf('mine 3'));
      expect(await activeOf(soon)).toBeUndefined();
      expect(await deprecatedKeys.ofKeys(manager, [tokenOf('mine 3')])).toHaveLength(1);
      expect(await deprecatedKeys.prune(manager, new Date())).toBe(0);
      expect(await deprecatedKeys.prune(manager, soon)).toBe(1);
      expect(await keys.replaceToken(manager, tokenOf('none'), { token: tokenOf('x') })).toBeNull();
    });

    it('end with those they replaced', async () => {
      await deprecatedKeys.insert(manager, {
        token: tokenOf('old'),
        activeTokenId: tokenOf('mine'),
        revokeAt: new Date(),
      });
      await keys.moveToDeleted(manager, [tokenOf('mine')], null);
      expect(await deprecatedKeys.ofKeys(manager, [tokenOf('mine')])).toEqual([]);
    });

    it('remember when they were last used, and never an earlier time', async () => {
      await keys.markUsed(
        manager,
        new Map([
          [tokenOf('mine'), 9_000],
          [tokenOf('ours'), 9_000],
          [tokenOf('none'), 1],
        ]),
      );
      await keys.markUsed(
        manager,
        new Map([
          [tokenOf('mine'), 8_000],
          [tokenOf('ours'), 10_000],
        ]),
      );
      await keys.markUsed(manager, new Map());
      const used = async (name: string): Promise<number | undefined> =>
        (await keys.find(manager, tokenOf(name)))!.lastActive?.getTime();
      expect([await used('mine'), await used('ours'), await used('made')]).toEqual([9_000, 10_000, undefined]);
    });
  });

  it('of members join a team once, in order, and go with it', async () => {
    const later = new Date(Date.now() + 60_000);
    await teams.insert(manager, { teamId: 't' });
    await teamMembers.insert(manager, { teamId: 't', userId: 'u', role: 'admin' });
    await teamMembers.insert(manager, {
      teamId: 't',
      createdAt: later,
      userId: 'a',
      role: 'user',
      maxBudgetNano: 5,
      models: ['m'],
    });
    expect((await teamMembers.ofTeams(manager, ['t'])).map(({ userId }) => userId)).toEqual(['u', 'a']);
    expect(await teamMembers.update(manager, 't', 'a', { role: 'admin' })).toMatchObject({
      role: 'admin',
      maxBudgetNano: 5,
    });
    expect(await teamMembers.find(manager, 't', 'a')).toMatchObject({ models: ['m'] });
    expect(await teamMembers.find(manager, 't', '\0')).toBeNull();
    const failed = async (row: object): Promise<unknown> =>
      violationOf(
        await teamMembers
          .insert(manager, { teamId: 't', userId: 'u', role: 'user', ...row })
          .catch((thrown: unknown) => thrown),
      );
    expect(await failed({})).toMatchObject({ kind: 'unique' });
    expect(await failed({ teamId: 'none' })).toMatchObject({ kind: 'foreign-key' });
    expect(await failed({ userId: 'b', role: 'owner' })).toMatchObject({ kind: 'check' });
    expect([await teamMembers.delete(manager, 't', 'a'), await teamMembers.delete(manager, 't', 'a')]).toEqual([
      true,
      false,
    ]);
    expect((await teamMembers.deleteOfUsers(manager, ['u', 'x'])).map(({ teamId }) => teamId)).toEqual(['t']);
    await teamMembers.insert(manager, { teamId: 't', userId: 'u', role: 'user' });
    await teams.delete(manager, ['t']);
    expect(await teamMembers.ofUsers(manager, ['u'])).toEqual([]);
  });

  it('of members join an organisation once, in order, and go with it', async () => {
    await organizations.insert(manager, { organizationId: 'o' });
    const join = (userId: string, createdAt?: Date) =>
      organizationMembers.insert(manager, { organizationId: 'o', userId, role: 'org_admin', createdAt });
    await join('u');
    await join('a', new Date(Date.now() + 60_000));
    expect((await organizationMembers.ofOrganizations(manager, ['o'])).map(({ userId }) => userId)).toEqual(['u', 'a']);
    expect(violationOf(await join('u').catch((thrown: unknown) => thrown))).toMatchObject({ kind: 'unique' });
    expect(await organizationMembers.update(manager, 'o', 'a', { role: 'internal_user' })).toMatchObject({
      role: 'internal_user',
    });
    expect(await organizationMembers.find(manager, 'o', 'a')).toMatchObject({ role: 'internal_user' });
    expect(await organizationMembers.delete(manager, 'o', 'a')).toBe(true);
    expect(await organizationMembers.deleteOfUsers(manager, ['u'])).toHaveLength(1);
    await join('u');
    await organizations.delete(manager, ['o']);
    expect(await organizationMembers.ofUsers(manager, ['u'])).toEqual([]);
  });

  it('of budgets know what they hold for, and let go of it', async () => {
    await budgets.insert(manager, { budgetId: 'b', maxBudgetNano: 7, modelTerms: { m: { rpmLimit: 1 } } });
    const budgetId = 'b';
    await organizations.insert(manager, { organizationId: 'o', budgetId });
    await teams.insert(manager, { teamId: 't' });
    await teamMembers.insert(manager, { teamId: 't', userId: 'u', role: 'user', budgetId });
    await organizationMembers.insert(manager, { organizationId: 'o', userId: 'u', role: 'org_admin', budgetId });
    await customers.insert(manager, { customerId: 'c', budgetId });
    await tags.insert(manager, { tagName: 'g', budgetId });
    await keys.insert(manager, { ...aKey('k'), budgetId });
    const references = await budgets.references(manager, ['b', 'none', '\0']);
    expect(references).toHaveLength(6);
    expect(references).toContainEqual({ kind: 'teamMembership', id: ['t', 'u'], budgetId });
    expect(references).toContainEqual({ kind: 'key', id: [tokenOf('k')], budgetId });
    expect(violationOf(await budgets.delete(manager, ['b']).catch((thrown: unknown) => thrown))).toMatchObject({
      kind: 'foreign-key',
    });
    await budgets.detach(manager, ['b']);
    expect(await budgets.references(manager, ['b'])).toEqual([]);
    expect(await budgets.delete(manager, ['b'])).toHaveLength(1);
  });

  it('of the audit log tell who changed what, and when', async () => {
    const day = (number: number): Date => new Date(Date.UTC(2026, 0, number));
    const first = await audit.insert(manager, {
      action: 'created',
      tableName: 'LiteLLM_TeamTable',
      objectId: 't',
      changedBy: 'ann',
      updatedAt: day(1),
      updatedValues: { a: 1 },
    });
    await audit.insert(manager, {
      action: 'deleted',
      tableName: 'LiteLLM_TeamTable',
      objectId: 't',
      changedBy: 'bob',
      updatedAt: day(2),
    });
    const actions = async (filter: Parameters<AuditLogRepository['page']>[1]): Promise<string[]> =>
      (await audit.page(manager, filter, FIRST)).rows.map(({ action }) => action);
    expect(await actions({})).toEqual(['deleted', 'created']);
    expect(await actions({ changedBy: 'ann' })).toEqual(['created']);
    expect(await actions({ startTime: day(1), endTime: day(2) })).toEqual(['created']);
    expect(await actions({ objectId: 't', tableName: 'LiteLLM_TeamTable', action: 'deleted' })).toEqual(['deleted']);
    expect(await audit.find(manager, first.id)).toEqual(first);
    expect(await audit.find(manager, 'no uuid')).toBeNull();
    expect(await audit.prune(manager, day(2))).toBe(1);
    expect(await actions({})).toEqual(['deleted']);
  });

  it('of settings list all of them by name', async () => {
    for (const paramName of ['router_settings', 'general_settings'])
      await settings.insert(manager, { paramName, paramValue: 'tp1:' });
    expect((await settings.all(manager)).map(({ paramName }) => paramName)).toEqual([
      'general_settings',
      'router_settings',
    ]);
  });
});
