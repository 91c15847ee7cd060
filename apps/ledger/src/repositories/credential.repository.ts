import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CredentialEntity } from '../schema/entities/credential.entity.js';
import { AUTHORED_SORTS, readPage, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

const SORTS = { ...AUTHORED_SORTS, credential_id: 't.credentialId', credential_name: 't.credentialName' };

@Injectable()
export class CredentialRepository extends Repository<CredentialEntity> {
  constructor() {
    super(CredentialEntity, 'credentialId');
  }

  async findByName(manager: EntityManager, name: string): Promise<CredentialEntity | null> {
    return (await this.findBy(manager, 'credentialName', [name]))[0] ?? null;
  }

  async all(manager: EntityManager): Promise<CredentialEntity[]> {
    return await manager.find(CredentialEntity, { order: { credentialName: 'ASC' } });
  }

  async page(manager: EntityManager, query: PageQuery): Promise<Page<CredentialEntity>> {
    return await readPage(manager.createQueryBuilder(CredentialEntity, 't'), query, SORTS, 't.credentialId');
  }
}
