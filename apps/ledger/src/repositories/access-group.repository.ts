import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AccessGroupEntity } from '../schema/entities/access-group.entity.js';
import { isStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, readPage, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

const SORTS = { ...AUTHORED_SORTS, access_group_id: 't.accessGroupId', name: 't.name' };

/** Whose `access_group_ids` name a group. */
export interface Assigned {
  readonly teamIds: readonly string[];
  readonly tokens: readonly string[];
}

const HOLDERS = { teamIds: ['teams', 'team_id'], tokens: ['virtual_keys', 'token'] } as const;
const KINDS = Object.keys(HOLDERS) as (keyof typeof HOLDERS)[];

@Injectable()
export class AccessGroupRepository extends Repository<AccessGroupEntity> {
  constructor() {
    super(AccessGroupEntity, 'accessGroupId');
  }

  async findByName(manager: EntityManager, name: string): Promise<AccessGroupEntity | null> {
    return (await this.findByNames(manager, [name]))[0] ?? null;
  }

  /** Those that exist, in no order. */
  async findByNames(manager: EntityManager, names: readonly string[]): Promise<AccessGroupEntity[]> {
    return await this.findBy(manager, 'name', names);
  }

  async page(manager: EntityManager, query: PageQuery): Promise<Page<AccessGroupEntity>> {
    return await readPage(manager.createQueryBuilder(AccessGroupEntity, 't'), query, SORTS, 't.accessGroupId');
  }

  /** By group; those that nobody has are left out. */
  async assigned(manager: EntityManager, groupIds: readonly string[]): Promise<Map<string, Assigned>> {
    const found = new Map<string, { teamIds: string[]; tokens: string[] }>();
    for (const kind of KINDS) {
      const [table, column] = HOLDERS[kind];
      const rows = await manager.query<{ id: string; groups: string[] }[]>(
        `SELECT ${column} AS id, access_group_ids AS groups FROM turnpike.${table}
          WHERE access_group_ids && $1::text[] ORDER BY 1`,
        [groupIds],
      );
      for (const { id, groups } of rows) {
        for (const groupId of groups) {
          const assigned = found.get(groupId) ?? { teamIds: [], tokens: [] };
          found.set(groupId, assigned);
          assigned[kind].push(id);
        }
      }
    }
    return found;
  }

  /** @returns those of the wished ones that do not exist */
  async assign(manager: EntityManager, groupId: string, before: Assigned, wished: Assigned): Promise<Assigned> {
    const missing: Record<keyof Assigned, string[]> = { teamIds: [], tokens: [] };
    for (const kind of KINDS) {
      const [table, column] = HOLDERS[kind];
      const gone = before[kind].filter((id) => !wished[kind].includes(id));
      const fresh = wished[kind].filter((id) => !before[kind].includes(id));
      const storable = fresh.filter((id) => isStorable(id));
      // Ordered, so that two who do this at once wait for each other and do not deadlock.
      const rows = await manager.query<{ id: string }[]>(
        `SELECT ${column} AS id FROM turnpike.${table} WHERE ${column} = ANY($1::text[]) ORDER BY 1 FOR UPDATE`,
        [[...gone, ...storable]],
      );
      const known = new Set(rows.map(({ id }) => id));
      missing[kind] = fresh.filter((id) => !known.has(id));
      await manager.query(
        `UPDATE turnpike.${table} SET access_group_ids = array_remove(access_group_ids, $1::text)
          WHERE ${column} = ANY($2::text[])`,
        [groupId, gone],
      );
      await manager.query(
        `UPDATE turnpike.${table} SET access_group_ids = array_append(access_group_ids, $1::text)
          WHERE ${column} = ANY($2::text[]) AND NOT $1::text = ANY(access_group_ids)`,
        [groupId, storable],
      );
    }
    return missing;
  }
}
