import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { assertStorable, isStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, containing, limitsOf, readPage, spendOf, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

/** Each that is given narrows the list. */
export interface KeyFilter {
  token?: string;
  keyAlias?: string;
  teamId?: string;
  /** Its own keys and those of its teams. */
  organizationId?: string;
  /** Keys that have at least one of these: their user, one of the teams, or their author. */
  anyOf?: { userId?: string; teamIds?: readonly string[]; createdBy?: string };
}

/** Whom keys belong to; one of them. */
export type KeyOwner =
  | { userIds: readonly string[] }
  | { teamIds: readonly string[] }
  | { organizationIds: readonly string[] }
  | { budgetIds: readonly string[] };

/** Keys themselves, or whom they belong to; an organization has the keys of its teams, too. */
export interface KeyScope {
  readonly keys?: readonly string[];
  readonly users?: readonly string[];
  readonly teams?: readonly string[];
  readonly organizations?: readonly string[];
}

export interface KeyName {
  token: string;
  alias: string | null;
  teamId: string | null;
}

const SORTS = {
  ...AUTHORED_SORTS,
  token: 't.token',
  key_alias: 't.keyAlias',
  key_name: 't.keyName',
  user_id: 't.userId',
  team_id: 't.teamId',
  expires: 't.expires',
  last_active: 't.lastActive',
  max_budget: 't.maxBudgetNano',
  spend: spendOf('key', 't.token'),
};

const OWNER_COLUMNS = {
  userIds: 'userId',
  teamIds: 'teamId',
  organizationIds: 'organizationId',
  budgetIds: 'budgetId',
} as const;

/** Moved, and not only deleted: spend logs go on naming them. */
const MOVE_TO_DELETED = `
  WITH gone AS (DELETE FROM turnpike.virtual_keys WHERE token = ANY($1) RETURNING *)
  INSERT INTO turnpike.deleted_keys (token, key_alias, user_id, team_id, organization_id, record, deleted_by)
  SELECT token, key_alias, user_id, team_id, organization_id, to_jsonb(gone), $2 FROM gone
  RETURNING token`;

/** Also those that were deleted: calls were made with them. */
const TOKENS_WITHIN = ['virtual_keys', 'deleted_keys']
  .map(
    (table) => `SELECT token FROM turnpike.${table} WHERE token = ANY($1) OR user_id = ANY($2) OR team_id = ANY($3)
      OR organization_id = ANY($4)
      OR team_id IN (SELECT o.team_id FROM turnpike.teams o WHERE o.organization_id = ANY($4))`,
  )
  .join(' UNION ');

const NAMES_OF = `
  SELECT token, key_alias AS alias, team_id AS "teamId" FROM turnpike.virtual_keys WHERE token = ANY($1)
  UNION ALL SELECT token, alias, team_id FROM (
    SELECT DISTINCT ON (token) token, key_alias AS alias, team_id FROM turnpike.deleted_keys d
     WHERE token = ANY($1) AND NOT EXISTS (SELECT FROM turnpike.virtual_keys k WHERE k.token = d.token)
     ORDER BY token, id DESC) AS gone`;

const TOKENS_OF_ALIAS = `
  SELECT token FROM turnpike.virtual_keys WHERE key_alias = $1
  UNION SELECT token FROM turnpike.deleted_keys WHERE key_alias = $1`;

const MARK_USED = `
  UPDATE turnpike.virtual_keys k SET last_active = used.at
  FROM unnest($1::text[], $2::timestamptz[]) AS used (token, at)
  WHERE k.token = used.token AND (k.last_active IS NULL OR k.last_active < used.at)`;

@Injectable()
export class VirtualKeyRepository extends Repository<VirtualKeyEntity> {
  constructor() {
    super(VirtualKeyEntity, 'token');
  }

  async findByAliases(manager: EntityManager, aliases: readonly string[]): Promise<VirtualKeyEntity[]> {
    return await this.findBy(manager, 'keyAlias', aliases);
  }

  /** All keys of one of these owners. */
  async ofOwner(manager: EntityManager, owner: KeyOwner): Promise<VirtualKeyEntity[]> {
    const [[kind, ids]] = Object.entries(owner) as [[keyof typeof OWNER_COLUMNS, readonly string[]]];
    return await this.findBy(manager, OWNER_COLUMNS[kind], ids);
  }

  /** What the keys of a team may ask for a minute, together. @param except the one that is not counted */
  async limitsGiven(manager: EntityManager, teamId: string, except: string): Promise<{ rpm: number; tpm: number }> {
    const [row] = await manager.query<[{ rpm: string; tpm: string }]>(
      `SELECT coalesce(sum(rpm_limit), 0) AS rpm, coalesce(sum(tpm_limit), 0) AS tpm
         FROM turnpike.virtual_keys WHERE team_id = $1 AND token <> $2`,
      [teamId, except],
    );
    return { rpm: Number(row.rpm), tpm: Number(row.tpm) };
  }

  /** Hashes of all keys, also deleted ones, that are among these or belong to one of these. */
  async tokensWithin(manager: EntityManager, scope: KeyScope): Promise<string[]> {
    const { keys = [], users = [], teams = [], organizations = [] } = scope;
    const parameters = [keys, users, teams, organizations].map((ids) => ids.filter((id) => isStorable(id)));
    const rows = await manager.query<{ token: string }[]>(TOKENS_WITHIN, parameters);
    return rows.map(({ token }) => token);
  }

  /** Names of keys, also of deleted ones, and whose they were. */
  async namesOf(manager: EntityManager, tokens: readonly string[]): Promise<KeyName[]> {
    return await manager.query<KeyName[]>(NAMES_OF, [tokens.filter((token) => isStorable(token))]);
  }

  /** Hashes of the keys, also deleted ones, that have this alias. */
  async tokensOfAlias(manager: EntityManager, alias: string): Promise<string[]> {
    if (!isStorable(alias)) return [];
    const rows = await manager.query<{ token: string }[]>(TOKENS_OF_ALIAS, [alias]);
    return rows.map(({ token }) => token);
  }

  /** How many keys each of these users has; users without are left out. */
  async countByUser(manager: EntityManager, userIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await manager.query<{ user_id: string; count: number }[]>(
      'SELECT user_id, count(*) AS count FROM turnpike.virtual_keys WHERE user_id = ANY($1) GROUP BY user_id',
      [userIds],
    );
    return new Map(rows.map(({ user_id: userId, count }) => [userId, count]));
  }

  async page(manager: EntityManager, filter: KeyFilter, query: PageQuery): Promise<Page<VirtualKeyEntity>> {
    return await readPage(this.filtered(manager, filter), query, SORTS, 't.token');
  }

  /** Aliases alone, in their own order. `search`: a part of them. */
  async pageAliases(
    manager: EntityManager,
    filter: KeyFilter,
    search: string,
    query: PageQuery,
  ): Promise<Page<string>> {
    const { offset, limit } = limitsOf(query);
    assertStorable(search, 'search');
    const builder = this.filtered(manager, filter).andWhere('t.keyAlias IS NOT NULL');
    if (search) builder.andWhere('t.keyAlias ILIKE :search', { search: containing(search) });
    const totalCount = await builder.getCount();
    const rows = await builder
      .select('t.keyAlias', 'alias')
      .orderBy('t.keyAlias', query.descending ? 'DESC' : 'ASC')
      .offset(offset)
      .limit(limit)
      .getRawMany<{ alias: string }>();
    return { rows: rows.map(({ alias }) => alias), totalCount };
  }

  private filtered(manager: EntityManager, filter: KeyFilter): SelectQueryBuilder<VirtualKeyEntity> {
    assertStorable(filter, 'filter');
    const { token, keyAlias, teamId, organizationId, anyOf } = filter;
    const builder = manager.createQueryBuilder(VirtualKeyEntity, 't');
    if (token !== undefined) builder.andWhere('t.token = :token', { token });
    if (keyAlias !== undefined) builder.andWhere('t.keyAlias = :keyAlias', { keyAlias });
    if (teamId !== undefined) builder.andWhere('t.teamId = :teamId', { teamId });
    if (organizationId !== undefined)
      builder.andWhere(
        '(t.organizationId = :organizationId OR t.teamId IN ' +
          '(SELECT o.team_id FROM turnpike.teams o WHERE o.organization_id = :organizationId))',
        { organizationId },
      );
    if (anyOf)
      builder.andWhere('(t.userId = :userId OR t.teamId = ANY(:teamIds) OR t.createdBy = :createdBy)', {
        userId: anyOf.userId ?? null,
        teamIds: anyOf.teamIds ?? [],
        createdBy: anyOf.createdBy ?? null,
      });
    return builder;
  }

  /** A new secret with all that the old one had. @returns null when there is none */
  async replaceToken(
    manager: EntityManager,
    token: string,
    changes: Partial<VirtualKeyEntity> & { token: string },
  ): Promise<VirtualKeyEntity | null> {
    return await this.update(manager, token, changes);
  }

  /** Keys whose budget somebody widened for a while. */
  async widened(manager: EntityManager): Promise<VirtualKeyEntity[]> {
    return await manager
      .createQueryBuilder(VirtualKeyEntity, 't')
      .where(`jsonb_exists(t.metadata, 'temp_budget_expiry')`)
      .getMany();
  }

  /** @param uses by token: when it was last used, in epoch milliseconds; never goes back */
  async markUsed(manager: EntityManager, uses: ReadonlyMap<string, number>): Promise<void> {
    // Ordered, so that two who do this at once wait for each other and do not deadlock.
    const ordered = [...uses].sort(([a], [b]) => (a < b ? -1 : 1));
    const times = ordered.map(([, at]) => new Date(at));
    await manager.query(MARK_USED, [ordered.map(([token]) => token), times]);
  }

  /** @returns the tokens of those that were there */
  async moveToDeleted(manager: EntityManager, tokens: readonly string[], deletedBy: string | null): Promise<string[]> {
    assertStorable(deletedBy, 'deleted_by');
    const rows = await manager.query<{ token: string }[]>(MOVE_TO_DELETED, [tokens, deletedBy]);
    return rows.map(({ token }) => token);
  }
}
