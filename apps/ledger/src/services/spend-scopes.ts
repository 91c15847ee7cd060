// Whose spend a caller may see: administrators all, everyone else what is their own or what they administer.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { SpendScope } from '../spend/conditions.js';
import { seesAllSpend, type Caller } from './caller.js';
import { Keys } from './keys.js';
import { denied, mayUseKey, type Standing } from './permissions.js';
import { Standings } from './standings.js';

/** What a team may let its members see of it, as `team_member_permissions` names it. */
export type SpendRoute = '/spend/logs' | '/team/daily/activity';

@Injectable()
export class SpendScopes {
  constructor(
    private readonly teams: TeamRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly keys: Keys,
    private readonly standings: Standings,
  ) {}

  /**
   * What is to be held to beside what a request names. Undefined: nothing further.
   * @param named what the request is narrowed to; keys by their hashes
   * @throws GW_PERMISSION_DENIED for what the caller may not see
   */
  async of(
    manager: EntityManager,
    caller: Caller,
    named: SpendScope,
    route: SpendRoute,
  ): Promise<SpendScope | undefined> {
    if (seesAllSpend(caller)) return undefined;
    const standing = await this.standings.of(manager, caller);
    const scope = await this.own(manager, standing, route);
    const { keys = [], users = [], teams = [], organizations = [] } = named;
    if (areAll(organizations, (id) => scope.organizations.includes(id))) return undefined;
    if (areAll(teams, (id) => scope.teams.includes(id))) return undefined;
    if (areAll(users, (id) => id === caller.userId)) return undefined;
    const ofKeys = await Promise.all(keys.map((token) => this.isKeyVisible(manager, standing, token)));
    if (areAll(ofKeys, (isVisible) => isVisible === true)) return undefined;
    if (organizations.length > 0 || teams.length > 0 || ofKeys.includes(false)) {
      throw denied(standing, 'see this spend', 'its owner, or an admin of the team or organization');
    }
    // Of others, those who administer something see what was spent in it.
    if (users.length > 0 && scope.teams.length === 0 && scope.organizations.length === 0) {
      throw denied(standing, 'see what other users spent', 'an admin of their team or organization');
    }
    return scope;
  }

  /** Customers and tags are told apart by key alone. */
  async keysOf(manager: EntityManager, scope: SpendScope): Promise<string[]> {
    const { keys = [] } = scope;
    return [...new Set([...keys, ...(await this.virtualKeys.tokensWithin(manager, scope))])];
  }

  private async own(
    manager: EntityManager,
    { caller, organizations, teams }: Standing,
    route: SpendRoute,
  ): Promise<Required<SpendScope>> {
    const seen = [...teams].filter(([, team]) => team.isAdmin || team.permissions.includes(route));
    const ofOrganizations = await this.teams.ofOrganizations(manager, [...organizations]);
    const { userId, keyHash } = caller;
    return {
      users: userId ? [userId] : [],
      // The calls of a user's keys are the user's.
      keys: !userId && keyHash ? [keyHash] : [],
      teams: [...new Set([...seen.map(([teamId]) => teamId), ...ofOrganizations.map(({ teamId }) => teamId)])],
      organizations: [...organizations],
    };
  }

  /** Undefined: there is no such key, or not any more. */
  private async isKeyVisible(manager: EntityManager, standing: Standing, token: string): Promise<boolean | undefined> {
    if (standing.caller.keyHash === token) return true;
    const key = await this.virtualKeys.find(manager, token);
    return key ? mayUseKey(standing, 'info', await this.keys.ownersOf(manager, key)) : undefined;
  }
}

/** None are nothing that could be allowed. */
const areAll = <T>(items: readonly T[], test: (item: T) => boolean): boolean => items.length > 0 && items.every(test);
