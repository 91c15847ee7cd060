import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DeletedKeyEntity } from '../schema/entities/deleted-key.entity.js';
import { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { assertStorable } from '../storage/storable.js';
import { readPage, type Page, type PageQuery } from './paging.js';
import { fromRaw } from './repository.js';
import type { KeyFilter } from './virtual-key.repository.js';

/** A key as it was. */
export interface DeletedKey {
  key: VirtualKeyEntity;
  deletedAt: Date;
  deletedBy: string | null;
}

const SORTS = {
  created_at: 't.deletedAt',
  deleted_at: 't.deletedAt',
  key_alias: 't.keyAlias',
  user_id: 't.userId',
  team_id: 't.teamId',
};

/** The database reads its own rows: each column in its own type, also one that was added since. */
const AS_KEYS = `
  SELECT d.id AS deleted_id, (jsonb_populate_record(NULL::turnpike.virtual_keys, d.record)).*
  FROM turnpike.deleted_keys d WHERE d.id = ANY($1)`;

@Injectable()
export class DeletedKeyRepository {
  /** `anyOf.createdBy` tells nothing here. */
  async page(manager: EntityManager, filter: KeyFilter, query: PageQuery): Promise<Page<DeletedKey>> {
    assertStorable(filter, 'filter');
    const builder = manager.createQueryBuilder(DeletedKeyEntity, 't');
    const { anyOf, ...equal } = filter;
    for (const [property, value] of Object.entries(equal) as [string, string | undefined][])
      if (value !== undefined) builder.andWhere(`t.${property} = :${property}`, { [property]: value });
    if (anyOf)
      builder.andWhere('(t.userId = :anyUserId OR t.teamId = ANY(:anyTeamIds))', {
        anyUserId: anyOf.userId ?? null,
        anyTeamIds: anyOf.teamIds ?? [],
      });
    const { rows, totalCount } = await readPage(builder, query, SORTS, 't.id');
    const metadata = manager.dataSource.getMetadata(VirtualKeyEntity);
    const keys = await manager.query<({ deleted_id: number } & Record<string, unknown>)[]>(AS_KEYS, [
      rows.map(({ id }) => id),
    ]);
    const keyOf = new Map(keys.map((raw) => [raw.deleted_id, fromRaw(metadata, raw) as VirtualKeyEntity]));
    return {
      rows: rows.map(({ id, deletedAt, deletedBy }) => ({ key: keyOf.get(id)!, deletedAt, deletedBy })),
      totalCount,
    };
  }
}
