// What stands in the audit log after each change, and who may read it.
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AddOrganizationMembersRequest,
  AddTeamMembersRequest,
  CreateBudgetRequest,
  CreateCustomerRequest,
  CreateOrganizationRequest,
  CreateTagRequest,
  CreateTeamRequest,
  CreateUserRequest,
  GenerateKeyRequest,
  ListAuditLogsRequest,
  RegenerateKeyRequest,
  UpdateKeyRequest,
  UpdateTeamMemberRequest,
  UpdateTeamRequest,
  UpdateUserRequest,
  type PartialOf,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { AuditService } from './audit.service.js';
import { BudgetService } from './budget.service.js';
import type { Caller } from './caller.js';
import { CustomerService } from './customer.service.js';
import { KeyService } from './key.service.js';
import { OrganizationMemberService } from './organization-member.service.js';
import { OrganizationService } from './organization.service.js';
import { TagService } from './tag.service.js';
import { TeamMemberService } from './team-member.service.js';
import { TeamService } from './team.service.js';
import { UserService } from './user.service.js';

const DENIED = { code: 'GW_PERMISSION_DENIED' };
const SECRET = 'sk-lf-1234567890abcdef';

describeOnEachDatabase('the audit log', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let audit: AuditService;

  beforeAll(async () => {
    ledger = await aLedger(database().storage);
    audit = ledger.get(AuditService);
  });
  beforeEach(() => clear(database().storage));

  const list = async (request: PartialOf<typeof ListAuditLogsRequest> = {}, caller: Caller = ADMIN) =>
    await audit.list(caller, ListAuditLogsRequest.fromPartial({ page: { page: 1, size: 100 }, ...request }));
  /** In the order in which they were made, those of one transaction sorted. */
  const deeds = async (): Promise<string[]> =>
    (await list()).auditLogs.map(({ action, tableName, objectId }) => `${action} ${tableName} ${objectId}`).sort();
  const aKey = async (key: PartialOf<typeof GenerateKeyRequest>['key'] = {}) =>
    (await ledger.get(KeyService).generate(ADMIN, GenerateKeyRequest.fromPartial({ key }))).key!.token;
  const aTeam = async (team: PartialOf<typeof CreateTeamRequest>['team'] = {}) =>
    await ledger.get(TeamService).create(ADMIN, CreateTeamRequest.fromPartial({ team: { teamId: 'red', ...team } }));
  const aUser = async (request: PartialOf<typeof CreateUserRequest> = {}) =>
    await ledger.get(UserService).create(ADMIN, CreateUserRequest.fromPartial({ user: { userId: 'ann' }, ...request }));
  const anOrganization = async () => {
    const organization = { organizationId: 'acme', members: [{ userId: 'olga', role: 'org_admin' }] };
    await ledger.get(OrganizationService).create(ADMIN, CreateOrganizationRequest.fromPartial({ organization }));
  };

  describe('has a line of every change', () => {
    it('of keys', async () => {
      const keys = ledger.get(KeyService);
      const token = await aKey();
      await keys.update(
        ADMIN,
        UpdateKeyRequest.fromPartial({ key: token, changes: { keyAlias: 'x' }, updateMask: ['key_alias'] }),
      );
      await keys.block(ADMIN, { key: token, blocked: true });
      await keys.block(ADMIN, { key: token, blocked: false });
      await keys.resetSpend(ADMIN, { key: token, resetToNanoUsd: 0 });
      const { key } = await keys.regenerate(ADMIN, RegenerateKeyRequest.fromPartial({ key: token }));
      await keys.delete(ADMIN, { keys: [key!.token], keyAliases: [] });
      const line = (action: string, id = token): string => `${action} LiteLLM_VerificationToken ${id}`;
      expect(await deeds()).toEqual(
        [
          ...['created', 'updated', 'blocked', 'unblocked', 'spend_reset'].map((action) => line(action)),
          line('rotated', key!.token),
          line('deleted', key!.token),
        ].sort(),
      );
    });

    it('of teams and their members', async () => {
      const [teams, members] = [ledger.get(TeamService), ledger.get(TeamMemberService)];
      await aTeam({ members: [{ userId: 'tom', role: 'admin' }] });
      const member = { userId: 'bob', role: 'user' };
      await members.add(ADMIN, AddTeamMembersRequest.fromPartial({ teamId: 'red', members: [member] }));
      const changes = { ...member, role: 'admin' };
      const updateMask = ['role'];
      await members.update(ADMIN, UpdateTeamMemberRequest.fromPartial({ teamId: 'red', member: changes, updateMask }));
      await members.delete(ADMIN, { teamId: 'red', userId: 'bob', userEmail: '' });
      await teams.update(ADMIN, UpdateTeamRequest.fromPartial({ changes: { teamId: 'red' }, updateMask: ['models'] }));
      await teams.block(ADMIN, { teamId: 'red', blocked: true });
      await teams.delete(ADMIN, { teamIds: ['red'] });
      expect(await deeds()).toEqual(
        [
          'created LiteLLM_TeamTable red',
          'created LiteLLM_UserTable tom',
          'created LiteLLM_TeamMembership red:tom',
          'created LiteLLM_UserTable bob',
          'created LiteLLM_TeamMembership red:bob',
          'updated LiteLLM_TeamMembership red:bob',
          'deleted LiteLLM_TeamMembership red:bob',
          'updated LiteLLM_TeamTable red',
          'blocked LiteLLM_TeamTable red',
          'deleted LiteLLM_TeamTable red',
        ].sort(),
      );
    });

    it('of users, with what they become members of', async () => {
      await aTeam();
      await anOrganization();
      const users = ledger.get(UserService);
      await aUser({ organizationIds: ['acme'], memberships: [{ teamId: 'red', role: 'user' }] });
      const changes = { userAlias: 'Ann' };
      await users.update(ADMIN, UpdateUserRequest.fromPartial({ userId: 'ann', changes, updateMask: ['user_alias'] }));
      await users.delete(ADMIN, { userIds: ['ann'] });
      expect((await deeds()).filter((line) => line.includes('ann'))).toEqual(
        [
          'created LiteLLM_UserTable ann',
          'created LiteLLM_TeamMembership red:ann',
          'created LiteLLM_OrganizationMembership acme:ann',
          'updated LiteLLM_UserTable ann',
          'deleted LiteLLM_TeamMembership red:ann',
          'deleted LiteLLM_OrganizationMembership acme:ann',
          'deleted LiteLLM_UserTable ann',
        ].sort(),
      );
    });

    it('of organizations, customers, budgets and tags', async () => {
      await anOrganization();
      const members = ledger.get(OrganizationMemberService);
      const request = { organizationId: 'acme', members: [{ userId: 'new' }] };
      await members.add(ADMIN, AddOrganizationMembersRequest.fromPartial(request));
      await members.delete(ADMIN, { organizationId: 'acme', userId: 'new', userEmail: '' });
      await ledger.get(OrganizationService).delete(ADMIN, { organizationIds: ['acme'] });
      const customer = { customerId: 'shop' };
      await ledger.get(CustomerService).create(ADMIN, CreateCustomerRequest.fromPartial({ customer }));
      await ledger.get(CustomerService).block(ADMIN, { customerIds: ['shop'], blocked: true });
      await ledger.get(CustomerService).delete(ADMIN, { customerIds: ['shop'] });
      await ledger.get(BudgetService).create(ADMIN, CreateBudgetRequest.fromPartial({ budget: { budgetId: 'b' } }));
      await ledger.get(BudgetService).delete(ADMIN, { budgetId: 'b' });
      await ledger.get(TagService).create(ADMIN, CreateTagRequest.fromPartial({ tag: { name: 'ci' } }));
      expect(await deeds()).toEqual(
        [
          'created LiteLLM_OrganizationTable acme',
          'created LiteLLM_UserTable olga',
          'created LiteLLM_OrganizationMembership acme:olga',
          'created LiteLLM_UserTable new',
          'created LiteLLM_OrganizationMembership acme:new',
          'deleted LiteLLM_OrganizationMembership acme:new',
          'deleted LiteLLM_OrganizationTable acme',
          'created LiteLLM_EndUserTable shop',
          'blocked LiteLLM_EndUserTable shop',
          'deleted LiteLLM_EndUserTable shop',
          'created LiteLLM_BudgetTable b',
          'deleted LiteLLM_BudgetTable b',
          'created LiteLLM_TagTable ci',
        ].sort(),
      );
    });
  });

  it('has no secret in it', async () => {
    const metadata = {
      logging: [{ callback_name: 'langfuse', callback_vars: { langfuse_secret_key: SECRET, langfuse_host: 'h' } }],
      password: 'open sesame',
    };
    const token = await aKey({ metadata, config: { api_key: SECRET }, routerSettings: { redis_password: 'hunter2' } });
    await aTeam({ metadata, routerSettings: { aws_secret_access_key: SECRET } });
    await aUser({ password: 'correct horse battery', user: { userId: 'ann', metadata } });
    await ledger.get(KeyService).delete(ADMIN, { keys: [token], keyAliases: [] });
    const { auditLogs } = await list();
    const text = JSON.stringify(auditLogs);
    for (const secret of [SECRET, 'open sesame', 'hunter2', 'correct horse', '$scrypt'])
      expect(text).not.toContain(secret);
    expect(auditLogs.find(({ action }) => action === 'deleted')).toMatchObject({
      beforeValue: {
        token,
        metadata: { logging: [{ callback_name: 'langfuse', callback_vars: '…' }], password: '***' },
      },
    });
  });

  it('tells who did it, with which key, and what it was before', async () => {
    await aTeam({ teamAlias: 'before' });
    const boss = { ...aCaller('proxy_admin', 'boss'), changedBy: 'grace@example.com' };
    const request = { changes: { teamId: 'red', teamAlias: 'after' }, updateMask: ['team_alias'] };
    await ledger.get(TeamService).update(boss, UpdateTeamRequest.fromPartial(request));
    const { auditLogs, page } = await list({ changedBy: 'grace@example.com' });
    expect(page?.totalCount).toBe(1);
    expect(auditLogs[0]).toMatchObject({
      changedBy: 'grace@example.com',
      changedByApiKey: boss.keyHash,
      action: 'updated',
      beforeValue: { team_alias: 'before' },
      updatedValues: { team_alias: 'after', updated_by: 'boss' },
    });
    const { id } = auditLogs[0]!;
    expect((await audit.get(ADMIN, { id })).auditLog).toEqual(auditLogs[0]);
  });

  it('is narrowed, in pages, the newest first', async () => {
    for (const teamId of ['a', 'b', 'c']) await aTeam({ teamId });
    await aKey();
    const ids = async (request: PartialOf<typeof ListAuditLogsRequest>) =>
      (await list(request)).auditLogs.map(({ objectId }) => objectId);
    expect(await ids({ tableName: 'LiteLLM_TeamTable' })).toEqual(['c', 'b', 'a']);
    expect(await ids({ tableName: 'LiteLLM_TeamTable', page: { page: 2, size: 2 } })).toEqual(['a']);
    expect(await ids({ objectId: 'b', action: 'created' })).toEqual(['b']);
    expect(await ids({ objectId: "b' OR 1=1" })).toEqual([]);
    expect(await ids({ endTime: new Date(0) })).toEqual([]);
    expect(await ids({ startTime: new Date(0) })).toHaveLength(4);
  });

  it('is for administrators and their viewers', async () => {
    await aTeam();
    await expect(list({}, aCaller('internal_user', 'ann'))).rejects.toMatchObject(DENIED);
    await expect(list({}, aCaller('org_admin', 'olga'))).rejects.toMatchObject(DENIED);
    expect((await list({}, aCaller('proxy_admin_viewer', 'vic'))).auditLogs).toHaveLength(1);
    await expect(audit.get(aCaller('team', undefined), { id: 'x' })).rejects.toMatchObject(DENIED);
    await expect(audit.get(ADMIN, { id: "x'" })).rejects.toMatchObject({ code: 'GW_NOT_FOUND' });
  });
});
