// Whom keys belong to, and what bounds them, in one statement: this is what gateways ask for every key they do not know.
import { Injectable } from '@nestjs/common';
import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { BudgetEntity } from '../schema/entities/budget.entity.js';
import { OrganizationEntity } from '../schema/entities/organization.entity.js';
import { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import { TeamEntity } from '../schema/entities/team.entity.js';
import { UserEntity } from '../schema/entities/user.entity.js';
import { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { Coalescer } from '../settlement/coalescer.js';
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
const JOINED = `
  LEFT JOIN turnpike.users u ON u.user_id = k.user_id
  LEFT JOIN turnpike.teams t ON t.team_id = k.team_id
  LEFT JOIN turnpike.team_memberships m ON m.team_id = k.team_id AND m.user_id = k.user_id
  LEFT JOIN turnpike.organizations o ON o.organization_id =
    coalesce(k.organization_id, t.organization_id, CASE WHEN t.team_id IS NULL THEN u.organization_id END)`;

const BY_TOKENS = `
  SELECT row_to_json(k) AS key, ${OWNERS}, (SELECT sequence FROM turnpike.change_clock) AS sequence
  FROM turnpike.virtual_keys k ${JOINED} WHERE k.token = ANY($1::text[])`;
const OF_KEY = `
  SELECT ${OWNERS} FROM (SELECT $1::text AS user_id, $2::text AS team_id, $3::text AS organization_id, $4::text AS budget_id,
    $5::text[] AS access_group_ids, $6::text[] AS models) k ${JOINED}`;

/** Statements at a time; of keys, in one of them. */
const LANES = 2;
const MOST = 100;

/** `manager`: outside of any transaction. */
interface LookUp {
  manager: EntityManager;
  token: string;
}

/** `sequence`: of the last change that all this knows of. */
export interface FoundKey {
  key: VirtualKeyEntity;
  owners: Owners;
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
    const tokens = [...new Set(asks.map(({ token }) => token))];
    const rows = await manager.query<(Row & { key: Json; sequence: number })[]>(BY_TOKENS, [tokens]);
    const byToken = new Map(rows.map((row) => [row.key['token'], row]));
    return asks.map(({ token }) => {
      const row = byToken.get(token);
      if (!row) return null;
      const { key, sequence } = row;
      return { key: entityOf(manager, VirtualKeyEntity, key), owners: ownersOf(manager, row), sequence };
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
