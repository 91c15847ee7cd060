// The ledger's services without gRPC, for specs: on a database of the spec's own.
import { Test, type TestingModule } from '@nestjs/testing';
import type { Role } from '@turnpike/domain';
import { AppModule, type LedgerModuleOptions } from '../src/app.module.js';
import type { Caller } from '../src/grpc/caller.js';
import { hashSecret } from '../src/services/key-secret.js';
import { masterCaller } from '../src/services/caller.js';
import { SecretBox } from '../src/storage/secret-box.js';
import type { Storage } from '../src/storage/storage.js';
import { silent } from './databases.js';

export const MASTER_KEY = 'sk-master-of-the-spec';
export const GATEWAY_TOKEN = 'gateway-token-of-the-spec';

export const ADMIN: Caller = masterCaller(hashSecret(MASTER_KEY));

export const aCaller = (role: Role | undefined, userId?: string, some: Partial<Caller> = {}): Caller => ({
  kind: 'gateway',
  keyHash: hashSecret(`sk-of-${userId}`),
  role,
  userId,
  ...some,
});

/** Of the application, whatever class is asked for with `get`. */
export const aLedger = async (
  storage: Storage,
  options: Partial<LedgerModuleOptions> = {},
): Promise<Pick<TestingModule, 'get' | 'close'>> =>
  await Test.createTestingModule({
    imports: [
      AppModule.of({
        storage,
        secrets: new SecretBox('salt'),
        masterKey: MASTER_KEY,
        gatewayToken: GATEWAY_TOKEN,
        settings: {},
        budget: {},
        timeZone: 'UTC',
        log: silent,
        ...options,
      }),
    ],
  }).compile();

/** All rows gone, and the order of changes goes on. */
export const clear = async ({ dataSource }: Storage): Promise<void> => {
  await dataSource.query(
    `TRUNCATE turnpike.virtual_keys, turnpike.deprecated_keys, turnpike.deleted_keys, turnpike.team_memberships,
      turnpike.teams, turnpike.users, turnpike.organization_memberships, turnpike.organizations, turnpike.customers,
      turnpike.tags, turnpike.budgets, turnpike.balances, turnpike.leases, turnpike.audit_log, turnpike.changes,
      turnpike.access_groups, turnpike.models, turnpike.credentials, turnpike.settings CASCADE`,
  );
};
