import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ModelEntity } from '../schema/entities/model.entity.js';
import { assertStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, containing, readPage, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

/** Each that is given narrows the list. */
export interface ModelFilter {
  modelName?: string;
  teamId?: string;
  /** Of one of these. */
  teamIds?: readonly string[];
  /** A part of the name or id. */
  search?: string;
}

const SORTS = { ...AUTHORED_SORTS, model_id: 't.modelId', model_name: 't.modelName', team_id: 't.teamId' };

@Injectable()
export class ModelRepository extends Repository<ModelEntity> {
  constructor() {
    super(ModelEntity, 'modelId');
  }

  /** All of them, in the order in which they were made: what a gateway routes among. */
  async all(manager: EntityManager): Promise<ModelEntity[]> {
    return await manager.find(ModelEntity, { order: { createdAt: 'ASC', modelId: 'ASC' } });
  }

  async ofTeams(manager: EntityManager, teamIds: readonly string[]): Promise<ModelEntity[]> {
    return await this.findBy(manager, 'teamId', teamIds);
  }

  async page(manager: EntityManager, filter: ModelFilter, query: PageQuery): Promise<Page<ModelEntity>> {
    assertStorable(filter, 'filter');
    const { modelName, teamId, teamIds, search } = filter;
    const builder = manager.createQueryBuilder(ModelEntity, 't');
    if (modelName !== undefined) builder.andWhere('t.modelName = :modelName', { modelName });
    if (teamId !== undefined) builder.andWhere('t.teamId = :teamId', { teamId });
    if (teamIds !== undefined) builder.andWhere('t.teamId = ANY(:teamIds)', { teamIds });
    if (search)
      builder.andWhere('(t.modelName ILIKE :search OR t.modelId ILIKE :search)', { search: containing(search) });
    return await readPage(builder, query, SORTS, 't.modelId');
  }
}
