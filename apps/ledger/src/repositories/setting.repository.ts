import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SettingEntity } from '../schema/entities/setting.entity.js';
import { Repository } from './repository.js';

@Injectable()
export class SettingRepository extends Repository<SettingEntity> {
  constructor() {
    super(SettingEntity, 'paramName');
  }

  async all(manager: EntityManager): Promise<SettingEntity[]> {
    return await manager.find(SettingEntity, { order: { paramName: 'ASC' } });
  }
}
