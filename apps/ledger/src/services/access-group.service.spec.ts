import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  CreateAccessGroupRequest,
  CreateTeamRequest,
  GenerateKeyRequest,
  UpdateAccessGroupRequest,
  type AccessGroup,
  type PartialOf,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { Changes } from '../repositories/changes.js';
import { AccessGroupService } from './access-group.service.js';
import { AuthorizeService } from './authorize.service.js';
import type { Caller } from './caller.js';
import { KeyService } from './key.service.js';
import { TeamService } from './team.service.js';

const DENIED = { code: 'GW_PERMISSION_DENIED' };
const NOT_FOUND = { code: 'GW_NOT_FOUND' };
const EXISTS = { code: 'GW_ALREADY_EXISTS' };
const INVALID = { code: 'GW_INVALID_REQUEST' };
const NOBODY = { accessGroupId: '', name: '' };

describeOnEachDatabase('access groups', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let groups: AccessGroupService;

  beforeAll(async () => {
    ledger = await aLedger(database().storage);
    groups = ledger.get(AccessGroupService);
  });
  beforeEach(() => clear(database().storage));

  const create = async (group: PartialOf<typeof AccessGroup> = {}, caller: Caller = ADMIN) => {
    const accessGroup = { accessGroupId: 'g', name: 'fast', ...group };
    return (await groups.create(caller, CreateAccessGroupRequest.fromPartial({ accessGroup }))).accessGroup;
  };
  const update = async (changes: PartialOf<typeof AccessGroup>, updateMask: string[], caller: Caller = ADMIN) =>
    (await groups.update(caller, UpdateAccessGroupRequest.fromPartial({ changes, updateMask }))).accessGroup;
  const aKey = async (key: PartialOf<typeof GenerateKeyRequest>['key']) =>
    (await ledger.get(KeyService).generate(ADMIN, GenerateKeyRequest.fromPartial({ key }))).key!.token;
  const aTeam = async (teamId: string) =>
    await ledger.get(TeamService).create(ADMIN, CreateTeamRequest.fromPartial({ team: { teamId, models: ['t'] } }));
  const accessOf = async (token: string) => {
    const { principal } = await ledger.get(AuthorizeService).authorize(token);
    return principal?.modelAccess.map(({ owner, models }) => `${owner}: ${models.join(' ')}`);
  };

  it('allow their models to keys that name them, by name or by id', async () => {
    await create({ models: ['gpt-4o', 'claude/*'] });
    const byName = await aKey({ models: ['fast', 'own'] });
    const byId = await aKey({ accessGroupIds: ['g'] });
    expect(await accessOf(byName)).toEqual(['key: fast gpt-4o claude/* own']);
    expect(await accessOf(byId)).toEqual(['key: gpt-4o claude/*']);
    const since = await ledger.get(Changes).latest(database().manager);
    await update({ accessGroupId: 'g', models: ['gpt-5'] }, ['models']);
    expect(await accessOf(byId)).toEqual(['key: gpt-5']);
    expect((await ledger.get(Changes).since(database().manager, since)).changes).toEqual([
      { kind: 'accessGroup', id: 'g' },
    ]);
    await groups.delete(ADMIN, { ...NOBODY, name: 'fast' });
    expect(await accessOf(byId)).toEqual(['key: ']);
    expect(await accessOf(byName)).toEqual(['key: fast own']);
  });

  it('are given to teams and keys, and taken away', async () => {
    await aTeam('red');
    await aTeam('blue');
    const token = await aKey({ models: ['own'] });
    const made = await create({ models: ['m'], assignedTeamIds: ['red'], assignedKeyIds: [token] });
    expect(made).toMatchObject({ assignedTeamIds: ['red'], assignedKeyIds: [token] });
    expect(await accessOf(token)).toEqual(['key: own m']);
    expect(await accessOf(await aKey({ teamId: 'red' }))).toContain('team: t m');
    await update({ name: 'fast', assignedTeamIds: ['blue'] }, ['assigned_team_ids', 'assigned_key_ids']);
    const { accessGroup } = await groups.get(ADMIN, { ...NOBODY, accessGroupId: 'g' });
    expect(accessGroup).toMatchObject({ assignedTeamIds: ['blue'], assignedKeyIds: [], models: ['m'] });
    expect(await accessOf(token)).toEqual(['key: own']);
    await expect(
      update({ accessGroupId: 'g', assignedTeamIds: ['gone'] }, ['assigned_team_ids']),
    ).rejects.toMatchObject(NOT_FOUND);
    const { accessGroup: after } = await groups.get(ADMIN, { ...NOBODY, accessGroupId: 'g' });
    expect(after.assignedTeamIds).toEqual(['blue']);
  });

  it('have a name of their own', async () => {
    await create();
    await expect(create({ accessGroupId: 'other' })).rejects.toMatchObject(EXISTS);
    await expect(create({ name: 'other' })).rejects.toMatchObject(EXISTS);
    expect(await update({ accessGroupId: 'g', name: 'faster' }, ['name'])).toMatchObject({ name: 'faster' });
    await expect(groups.get(ADMIN, { ...NOBODY, name: 'fast' })).rejects.toMatchObject(NOT_FOUND);
    await expect(groups.get(ADMIN, NOBODY)).rejects.toMatchObject(INVALID);
    const made = await create({ accessGroupId: '', name: 'new' });
    expect(made.accessGroupId).toMatch(/^[0-9a-f-]{36}$/);
    expect((await groups.list(ADMIN, { page: undefined })).accessGroups.map(({ name }) => name)).toEqual([
      'new',
      'faster',
    ]);
  });

  it.each<[string, PartialOf<typeof AccessGroup>]>([
    ['no name', { name: '' }],
    ['an empty model', { models: [''] }],
    ['a NUL', { description: '\0' }],
    ['a key that is none', { assignedKeyIds: ['not-a-key'] }],
  ])('are refused with %s', async (_title, group) => {
    await expect(create(group)).rejects.toMatchObject(INVALID);
  });

  it('are made by admins and seen by viewers', async () => {
    await create();
    const [ann, viewer] = [aCaller('internal_user', 'ann'), aCaller('proxy_admin_viewer', 'vic')];
    for (const caller of [ann, viewer]) {
      await expect(create({}, caller)).rejects.toMatchObject(DENIED);
      await expect(update({ accessGroupId: 'g' }, [], caller)).rejects.toMatchObject(DENIED);
      await expect(groups.delete(caller, { ...NOBODY, name: 'fast' })).rejects.toMatchObject(DENIED);
    }
    await expect(groups.list(ann, { page: undefined })).rejects.toMatchObject(DENIED);
    await expect(groups.get(viewer, { ...NOBODY, name: 'fast' })).resolves.toBeDefined();
  });
});
