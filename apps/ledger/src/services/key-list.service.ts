// Looks at virtual keys: one, many, their aliases.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import type {
  GetKeyRequest,
  GetKeyResponse,
  ListKeyAliasesRequest,
  ListKeyAliasesResponse,
  ListKeysRequest,
  ListKeysResponse,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { DeletedKeyRepository } from '../repositories/deleted-key.repository.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository, type KeyFilter } from '../repositories/virtual-key.repository.js';
import { seesAll, type Caller } from './caller.js';
import { tokenOf, unknownKey } from './key-secret.js';
import { Keys } from './keys.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { denied, KEY_ACTIONS, mayUseKey, type Standing } from './permissions.js';
import { Standings } from './standings.js';
import { storing } from './storing.js';

@Injectable()
export class KeyListService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: VirtualKeyRepository,
    private readonly deletedKeys: DeletedKeyRepository,
    private readonly teams: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly keys: Keys,
    private readonly standings: Standings,
  ) {}

  async get(caller: Caller, request: GetKeyRequest): Promise<GetKeyResponse> {
    const token = request.key ? tokenOf(request.key) : caller.keyHash;
    if (!token) throw invalidRequest('Name a key.', 'key');
    return await this.read(caller, async (manager, standing) => {
      const key = await this.repository.find(manager, token);
      if (!key) throw unknownKey(token);
      if (!mayUseKey(standing, 'info', await this.keys.ownersOf(manager, key))) {
        throw denied(standing, 'see this key', 'its owner, or an admin of its team or organization');
      }
      return { key: await this.keys.toMessage(manager, key) };
    });
  }

  async list(caller: Caller, request: ListKeysRequest): Promise<ListKeysResponse> {
    if (request.status !== '' && request.status !== 'deleted') {
      throw invalidRequest("status must be 'deleted', or left out.", 'status');
    }
    const query = toPageQuery(request.page);
    return await this.read(caller, async (manager, standing) => {
      const filter = await this.filterOf(manager, standing, request);
      if (request.status === 'deleted') {
        const { rows, totalCount } = await this.deletedKeys.page(manager, filter, query);
        return { keys: rows.map(({ key }) => this.keys.shown(key)), page: pageInfoOf(query, totalCount) };
      }
      const { rows, totalCount } = await this.repository.page(manager, filter, query);
      return { keys: await this.keys.toMessages(manager, rows), page: pageInfoOf(query, totalCount) };
    });
  }

  async listAliases(caller: Caller, request: ListKeyAliasesRequest): Promise<ListKeyAliasesResponse> {
    const query = toPageQuery(request.page);
    return await this.read(caller, async (manager, standing) => {
      const filter = seesAll(caller) ? {} : { anyOf: await this.visible(manager, standing) };
      const { rows, totalCount } = await this.repository.pageAliases(manager, filter, request.search, query);
      return { aliases: rows, page: pageInfoOf(query, totalCount) };
    });
  }

  private async read<T>(caller: Caller, work: (manager: EntityManager, standing: Standing) => Promise<T>): Promise<T> {
    const { manager } = this.dataSource;
    return await storing(async () => await work(manager, await this.standings.of(manager, caller)));
  }

  /** What is asked for, within what the caller may see. */
  private async filterOf(manager: EntityManager, standing: Standing, request: ListKeysRequest): Promise<KeyFilter> {
    const { userId, teamId, organizationId, keyAlias } = request;
    const filter: KeyFilter = {
      teamId: teamId || undefined,
      organizationId: organizationId || undefined,
      keyAlias: keyAlias || undefined,
      token: request.token ? tokenOf(request.token, 'key_hash') : undefined,
    };
    if (seesAll(standing.caller)) return userId ? { ...filter, anyOf: await this.ofUser(manager, request) } : filter;
    const { caller, organizations, teams } = standing;
    if (userId && userId !== caller.userId && !teamId && !organizationId) {
      throw denied(standing, 'list the keys of other users', 'an admin');
    }
    if (organizationId && organizations.has(organizationId)) {
      return userId ? { ...filter, anyOf: { userId } } : filter;
    }
    const team = teams.get(teamId);
    if (team && (team.isAdmin || team.permissions.includes(KEY_ACTIONS.list))) {
      return userId ? { ...filter, anyOf: { userId } } : filter;
    }
    if (userId) return { ...filter, anyOf: await this.ofUser(manager, { ...request, userId: caller.userId ?? '' }) };
    return { ...filter, anyOf: await this.visible(manager, standing) };
  }

  private async ofUser(
    manager: EntityManager,
    { userId, includeTeamKeys, includeCreatedByKeys }: ListKeysRequest,
  ): Promise<NonNullable<KeyFilter['anyOf']>> {
    const memberships = includeTeamKeys ? await this.memberships.ofUsers(manager, [userId]) : [];
    return {
      userId,
      teamIds: memberships.filter(({ role }) => role === 'admin').map(({ teamId }) => teamId),
      createdBy: includeCreatedByKeys ? userId : undefined,
    };
  }

  /** All that a caller may see without naming anything. */
  private async visible(manager: EntityManager, standing: Standing): Promise<NonNullable<KeyFilter['anyOf']>> {
    const { caller, organizations, teams } = standing;
    const ofOrganizations = await this.teams.ofOrganizations(manager, [...organizations]);
    const administered = [...teams].filter(([, team]) => team.isAdmin).map(([teamId]) => teamId);
    return {
      userId: caller.userId,
      createdBy: caller.userId,
      teamIds: [...administered, ...ofOrganizations.map(({ teamId }) => teamId)],
    };
  }
}
