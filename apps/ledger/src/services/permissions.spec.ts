import { describe, expect, it } from '@jest/globals';
import type { Role } from '@turnpike/domain';
import {
  mayManageTeam,
  mayOwnTeam,
  maySeeTeam,
  maySeeUser,
  mayUseKey,
  type KeyAction,
  type KeyOwners,
  type Standing,
} from './permissions.js';

const standing = (role: Role | undefined, some: Partial<Standing> = {}): Standing => ({
  caller: { kind: 'admin', role, userId: 'ann', keyHash: 'own' },
  organizations: new Set(),
  teams: new Map(),
  ...some,
});
const inTeam = (isAdmin: boolean, ...permissions: string[]): Partial<Standing> => ({
  teams: new Map([['red', { isAdmin, permissions }]]),
});
const key = (some: Partial<KeyOwners>): KeyOwners => ({
  token: 'k',
  userId: '',
  teamId: '',
  organizationId: '',
  createdBy: '',
  ...some,
});

const admin = standing('proxy_admin');
const viewer = standing('proxy_admin_viewer', inTeam(true));
const orgAdmin = standing('org_admin', { organizations: new Set(['acme']) });
const teamAdmin = standing('internal_user', inTeam(true));
const member = standing('internal_user', inTeam(false));
const trusted = standing('internal_user', inTeam(false, '/key/generate', '/key/update'));
const reader = standing('internal_user_viewer');
const nobody = standing(undefined);

describe('a key', () => {
  it.each<[string, Standing, KeyAction, Partial<KeyOwners>, boolean]>([
    ['is made for anybody by an admin', admin, 'generate', { userId: 'bob' }, true],
    ['is made for oneself', member, 'generate', { userId: 'ann' }, true],
    ['is not made for others', member, 'generate', { userId: 'bob' }, false],
    ['is not made for nobody', member, 'generate', {}, false],
    ['is not made by a viewer', reader, 'generate', { userId: 'ann' }, false],
    ['is not made by somebody without a role', nobody, 'generate', { userId: 'ann' }, false],
    ['is not made by a viewer who administers a team', viewer, 'generate', { teamId: 'red' }, false],
    ['is made for a team by its admin', teamAdmin, 'generate', { userId: 'bob', teamId: 'red' }, true],
    ['is not made for a team by a member', member, 'generate', { userId: 'ann', teamId: 'red' }, false],
    ['is made for a team by a member who may', trusted, 'generate', { userId: 'ann', teamId: 'red' }, true],
    ['is not made for another team', teamAdmin, 'generate', { userId: 'ann', teamId: 'blue' }, false],
    ['is made in the organisation by its admin', orgAdmin, 'generate', { teamId: 'x', organizationId: 'acme' }, true],
    ['is not made in another organisation', orgAdmin, 'generate', { teamId: 'x', organizationId: 'other' }, false],
    ['is changed by its owner', member, 'update', { userId: 'ann' }, true],
    ['of a team is not changed by its owner', member, 'update', { userId: 'ann', teamId: 'red' }, false],
    ['of a team is changed by an owner who may', trusted, 'update', { userId: 'ann', teamId: 'red' }, true],
    ['of a team is not changed by another member who may', trusted, 'update', { userId: 'bob', teamId: 'red' }, false],
    ['of a team is deleted by its owner', member, 'delete', { userId: 'ann', teamId: 'red' }, true],
    ['is not blocked by its owner', member, 'block', { userId: 'ann' }, false],
    ['is blocked by the admin of its team', teamAdmin, 'block', { userId: 'bob', teamId: 'red' }, true],
    ['does not get its spend reset by its owner', member, 'resetSpend', { userId: 'ann' }, false],
    ['is seen by its owner', reader, 'info', { userId: 'ann' }, true],
    ['is seen by itself', nobody, 'info', { token: 'own' }, true],
    ['is not changed by itself', nobody, 'update', { token: 'own' }, false],
    ['is seen by a viewer', viewer, 'info', { userId: 'bob' }, true],
    ['is seen by who made it', member, 'info', { userId: 'bob', createdBy: 'ann' }, true],
    ['is not seen by others', member, 'info', { userId: 'bob' }, false],
    ['of a team is not seen by every member', member, 'info', { userId: 'bob', teamId: 'red' }, false],
  ])('%s', (_title, who, action, owners, may) => {
    expect(mayUseKey(who, action, key(owners))).toBe(may);
  });
});

describe('a team', () => {
  const red = { teamId: 'red', organizationId: 'acme' };
  it.each<[string, Standing, [see: boolean, manage: boolean, own: boolean]]>([
    ['is an admin’s', admin, [true, true, true]],
    ['is read by a viewer, also one who administers it', viewer, [true, false, false]],
    ['is the organisation admin’s', orgAdmin, [true, true, true]],
    ['is managed by its admin', teamAdmin, [true, true, false]],
    ['is seen by its members', member, [true, false, false]],
    ['is not seen by others', reader, [false, false, false]],
  ])('%s', (_title, who, may) => {
    expect([maySeeTeam(who, red), mayManageTeam(who, red), mayOwnTeam(who, red)]).toEqual(may);
  });

  it('without an organisation is not an organisation admin’s', () => {
    expect(mayOwnTeam(orgAdmin, { organizationId: '' })).toBe(false);
  });
});

describe('a user', () => {
  it.each<[string, Standing, string, string[], boolean]>([
    ['is seen by themselves', reader, 'ann', [], true],
    ['is not seen by others', member, 'bob', [], false],
    ['is seen by the admin of their organisation', orgAdmin, 'bob', ['acme'], true],
    ['is seen by viewers', viewer, 'bob', [], true],
  ])('%s', (_title, who, userId, organizationIds, may) => {
    expect(maySeeUser(who, { userId, organizationIds })).toBe(may);
  });
});
