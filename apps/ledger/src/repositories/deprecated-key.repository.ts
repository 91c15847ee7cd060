import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DeprecatedKeyEntity } from '../schema/entities/deprecated-key.entity.js';
import { insertRow } from './repository.js';

@Injectable()
export class DeprecatedKeyRepository {
  /** What an old secret stands for, while its grace period lasts. */
  async findActive(manager: EntityManager, token: string, now: Date): Promise<DeprecatedKeyEntity | null> {
    return await manager
      .createQueryBuilder(DeprecatedKeyEntity, 't')
      .where('t.token = :token AND t.revokeAt > :now', { token, now })
      .getOne();
  }

  /** Old secrets of these keys: who caches them must hear of a change, too. */
  async ofKeys(manager: EntityManager, activeTokens: readonly string[]): Promise<DeprecatedKeyEntity[]> {
    return await manager
      .createQueryBuilder(DeprecatedKeyEntity, 't')
      .where('t.activeTokenId = ANY(:activeTokens)', { activeTokens })
      .getMany();
  }

  async insert(
    manager: EntityManager,
    row: Pick<DeprecatedKeyEntity, 'token' | 'activeTokenId' | 'revokeAt'>,
  ): Promise<DeprecatedKeyEntity> {
    return await insertRow(manager, DeprecatedKeyEntity, row);
  }

  /** Those whose grace period is over. @returns how many there were */
  async prune(manager: EntityManager, now: Date): Promise<number> {
    const { affected } = await manager
      .createQueryBuilder()
      .delete()
      .from(DeprecatedKeyEntity)
      .where('revoke_at <= :now', { now })
      .execute();
    return affected ?? 0;
  }
}
