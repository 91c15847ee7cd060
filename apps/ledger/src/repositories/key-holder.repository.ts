// Whom keys belong to, and what bounds them, in one statement: this is what gateways ask for every key they do not know.
import { Injectable } from '@nestjs/common';
import { accountNameSql, INSTALLATION_ACCOUNT } from '@turnpike/domain';
import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { BudgetEntity } from '../schema/entities/budget.entity.js';
import { OrganizationEntity } from '../schema/entities/organization.entity.js';
import { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import { TeamEntity } from '../schema/entities/team.entity.js';
import { UserEntity } from '../schema/entities/user.entity.js';
import { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import type { BalanceJson } from '../settlement/balance-book.js';
import { Coalescer } from '../settlement/coalescer.js';
import { PreparedStatement } from '../storage/prepared-statement.js';
import { isStorable } from '../storage/storable.js';
import { fromJson } from './repository.js';

/** Null: there is none, or it is gone. */
export interface Owners {
  user: UserEntity | null;
  team: TeamEntity | null;
  membership: TeamMembershipEntity | null;
  /** The key's own, else its team's, else, without a team, its user's. */
  organization: OrganizationEntity | null;
  /** Those that the key, the membership and the organisation refer to. */
  budgets: BudgetEntity[];
  /** Models by id of access group: those that the key and the team refer to. */
  accessGroups: Record<string, string[]>;
  /** Models by name of access group: those that stand in anybody's list of models. */
  namedGroups: Record<string, string[]>;
}

export type OwnedKey = Pick<
  VirtualKeyEntity,
  'userId' | 'teamId' | 'organizationId' | 'budgetId' | 'accessGroupIds' | 'models'
>;

type Json = Record<string, unknown>;

interface FoundRow extends Row {
  key: Json;
  balances: BalanceJson[] | null;
  sequence: number;
}

interface Row {
  user: Json | null;
  team: Json | null;
  membership: Json | null;
  organization: Json | null;
  budgets: Json[] | null;
  groups: Record<string, string[]> | null;
  named: Record<string, string[]> | null;
}

/** Of `k`, which has the columns of a key. */
const OWNERS = `
  row_to_json(u) AS "user", row_to_json(t) AS team, row_to_json(m) AS membership, row_to_json(o) AS organization,
  (SELECT json_agg(b) FROM turnpike.budgets b WHERE b.budget_id IN (k.budget_id, m.budget_id, o.budget_id)) AS budgets,
  (SELECT json_object_agg(g.access_group_id, g.models) FROM turnpike.access_groups g
    WHERE g.access_group_id = ANY(k.access_group_ids || t.access_group_ids)) AS groups,
  (SELECT json_object_agg(g.name, g.models) FROM turnpike.access_groups g
    WHERE g.name = ANY(k.models || t.models || m.models || u.models || o.models)) AS named`;
/** One row at most. What stands behind an OFFSET is planned by itself: there is but one order in which to look these up. */
const the = (table: string, as: string, condition: string): string =>
  `LEFT JOIN LATERAL (SELECT * FROM turnpike.${table} ${as} WHERE ${condition} OFFSET 0) ${as} ON true`;
const JOINED = [
  the('users', 'u', 'u.user_id = k.user_id'),
  the('teams', 't', 't.team_id = k.team_id'),
  the('team_memberships', 'm', 'm.team_id = k.team_id AND m.user_id = k.user_id'),
  the(
    'organizations',
    'o',
    `o.organization_id =
      coalesce(k.organization_id, t.organization_id, CASE WHEN t.team_id IS NULL THEN u.organization_id END)`,
  ),
].join('\n  ');

/** Of the whole of each; those of models and windows are read apart, where there are any. */
const ACCOUNTS = [
  `'${INSTALLATION_ACCOUNT}'`,
  accountNameSql('key', 'k.token'),
  accountNameSql('team', 'k.team_id'),
  accountNameSql('user', 'k.user_id'),
  accountNameSql('member', `(k.team_id || ':' || k.user_id)`),
  accountNameSql('organization', 'o.organization_id'),
].join(', ');

/** Keys in one statement. So many it always asks for, that its plan is the same for any number of them. */
const MOST = 8;
const TOKENS = Array.from({ length: MOST }, (_, at) => `$${at + 1}::text`).join(', ');
const BY_TOKENS = new PreparedStatement<FoundRow>(`
  SELECT row_to_json(k) AS key, ${OWNERS},
    (SELECT json_agg(b) FROM turnpike.balances b WHERE b.account IN (${ACCOUNTS})) AS balances,
    (SELECT sequence FROM turnpike.change_clock) AS sequence
  FROM turnpike.virtual_keys k ${JOINED} WHERE k.token IN (${TOKENS})`);
const OF_KEY = `
  SELECT ${OWNERS} FROM (SELECT $1::text AS user_id, $2::text AS team_id, $3::text AS organization_id, $4::text AS budget_id,
    $5::text[] AS access_group_ids, $6::text[] AS models) k ${JOINED}`;

/** Statements at a time. */
const LANES = 2;

/** `manager`: outside of any transaction. */
interface LookUp {
  manager: EntityManager;
  token: string;
}

/** `sequence`: of the last change that all this knows of. */
export interface FoundKey {
  key: VirtualKeyEntity;
  owners: Owners;
  /** Of the accounts of all of these, as far as they have any. */
  balances: readonly BalanceJson[];
  sequence: number;
}

@Injectable()
export class KeyHolderRepository {
  /** Keys that are asked for at the same time are looked up by one statement. */
  private readonly lookUps = new Coalescer<LookUp, FoundKey | null>(
    (asks) => this.findAll(asks),
    MOST,
    () => 1,
    LANES,
  );

  /** Null: there is no such key. */
  find(manager: EntityManager, token: string): Promise<FoundKey | null> {
    return this.lookUps.ask({ manager, token });
  }

  private async findAll(asks: LookUp[]): Promise<(FoundKey | null)[]> {
    const { manager } = asks[0]!;
    const tokens = asks.map(({ token }) => token);
    // Nobody's token is empty.
    const rows = await BY_TOKENS.run(manager.dataSource, [...tokens, ...Array<string>(MOST - tokens.length).fill('')]);
    const byToken = new Map(rows.map((row) => [row.key['token'], row]));
    return asks.map(({ token }) => {
      const row = byToken.get(token);
      if (!row) return null;
      const { key, balances, sequence } = row;
      return {
        key: entityOf(manager, VirtualKeyEntity, key),
        owners: ownersOf(manager, row),
        balances: balances ?? [],
        sequence,
      };
    });
  }

  /** Of a key that need not be stored. */
  async of(manager: EntityManager, key: OwnedKey): Promise<Owners> {
    const { userId, teamId, organizationId, budgetId, accessGroupIds, models } = key;
    // What cannot be stored is nobody's id.
    const ids = [userId, teamId, organizationId, budgetId].map((id) => (isStorable(id) ? id : null));
    const [row] = await manager.query<Row[]>(OF_KEY, [
      ...ids,
      accessGroupIds.filter((id) => isStorable(id)),
      models.filter((model) => isStorable(model)),
    ]);
    return ownersOf(manager, row!);
  }
}

const entityOf = <E extends ObjectLiteral>(manager: EntityManager, entity: EntityTarget<E>, json: Json): E =>
  fromJson(manager.dataSource.getMetadata(entity), json) as E;

const ownersOf = (manager: EntityManager, row: Row): Owners => {
  const entity = <E extends ObjectLiteral>(target: EntityTarget<E>, json: Json | null): E | null =>
    json && entityOf(manager, target, json);
  return {
    user: entity(UserEntity, row.user),
    team: entity(TeamEntity, row.team),
    membership: entity(TeamMembershipEntity, row.membership),
    organization: entity(OrganizationEntity, row.organization),
    budgets: (row.budgets ?? []).map((json) => entityOf(manager, BudgetEntity, json)),
    accessGroups: row.groups ?? {},
    namedGroups: row.named ?? {},
  };
};
