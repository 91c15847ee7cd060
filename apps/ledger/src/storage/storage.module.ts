import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { REPOSITORIES } from '../repositories/index.js';
import { SecretBox } from './secret-box.js';
import type { Storage } from './storage.js';

/** Gives every other module `DataSource`, `SecretBox`, the repositories and `Changes`, each by its class. */
@Global()
@Module({})
export class StorageModule {
  /** @param storage is closed by whoever opened it, after the application */
  static of(storage: Storage, secrets: SecretBox): DynamicModule {
    const { dataSource } = storage;
    return {
      module: StorageModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
      ],
      providers: [...REPOSITORIES, { provide: SecretBox, useValue: secrets }],
      exports: [...REPOSITORIES, SecretBox],
    };
  }
}
