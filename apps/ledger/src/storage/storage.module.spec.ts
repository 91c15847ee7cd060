import { expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { describeOnEachDatabase } from '../../test/databases.js';
import { Changes } from '../repositories/changes.js';
import { REPOSITORIES } from '../repositories/index.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { inTransaction } from './in-transaction.js';
import { SecretBox } from './secret-box.js';
import { StorageModule } from './storage.module.js';

@Injectable()
class TeamService {
  constructor(
    readonly dataSource: DataSource,
    readonly teams: TeamRepository,
    readonly changes: Changes,
    readonly secrets: SecretBox,
  ) {}
}

@Module({ providers: [TeamService] })
class TeamModule {}

describeOnEachDatabase('the storage module', (database) => {
  it('gives services their repositories, by class', async () => {
    const { storage } = database();
    const secrets = new SecretBox('salt');
    const module = await Test.createTestingModule({
      imports: [StorageModule.of(storage, secrets), TeamModule],
    }).compile();
    const service = module.get(TeamService, { strict: false });
    expect(service.dataSource).toBe(storage.dataSource);
    expect(service.secrets).toBe(secrets);
    for (const repository of REPOSITORIES) expect(module.get(repository, { strict: false })).toBeInstanceOf(repository);
    const team = await inTransaction(service.dataSource, async (manager) => {
      const made = await service.teams.insert(manager, { teamId: 't' });
      await service.changes.record(manager, [{ kind: 'team', id: 't' }]);
      return made;
    });
    expect(await service.teams.find(service.dataSource.manager, 't')).toEqual(team);
  });
});
