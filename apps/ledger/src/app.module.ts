// What the ledger is made of.
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { parseDuration, type CallEntry } from '@turnpike/domain';
import type { Logger } from '@turnpike/telemetry';
import { DataSource } from 'typeorm';
import { CONTROLLERS } from './controllers/index.js';
import { CALLERS } from './grpc/caller.js';
import { Changes } from './repositories/changes.js';
import { BoundsKeeper } from './services/bounds-keeper.js';
import { LedgerCallers } from './services/callers.js';
import { ChangeFeed } from './services/change-feed.js';
import { LOG } from './services/chores.js';
import { SERVICES } from './services/index.js';
import { hashSecret } from './services/key-secret.js';
import {
  API_ENV_NAMES,
  GATEWAY_TOKEN_HASH,
  INSTALLATION_BUDGET,
  LEDGER_SETTINGS,
  MASTER_KEY_HASH,
  NOW,
  ROTATION_GRACE,
  type InstallationBudget,
  type LedgerSettings,
  type Now,
} from './services/ledger-settings.js';
import { RecallFeed } from './services/recall-feed.js';
import { BalanceBook } from './settlement/balance-book.js';
import { Housekeeping } from './settlement/housekeeping.js';
import { KeyActivity } from './settlement/key-activity.js';
import { LeaseDesk } from './settlement/lease-desk.js';
import { Partitions } from './settlement/partitions.js';
import { Settlement } from './settlement/settlement.js';
import type { SecretBox } from './storage/secret-box.js';
import { StorageModule } from './storage/storage.module.js';
import type { Storage } from './storage/storage.js';

export interface LedgerModuleOptions {
  storage: Storage;
  secrets: SecretBox;
  /** Secrets. */
  masterKey: string;
  gatewayToken: string;
  settings: LedgerSettings;
  budget: InstallationBudget;
  /** Variables that stored values may name; none by default. */
  apiEnvNames?: readonly string[];
  /** How long a replaced secret goes on where nobody says: "24h"; absent: not at all. */
  rotationGrace?: string | undefined;
  /** IANA. */
  timeZone: string;
  /** How long the log of calls is kept: "30d"; absent: for ever. */
  keepLogs?: string;
  /** Whether the log tells of a call; absent: of every one. */
  keepsLogs?: (entry: CallEntry) => boolean;
  log: Logger;
  now?: Now;
}

const settlement = ({ timeZone, keepLogs, keepsLogs, log }: LedgerModuleOptions): Provider[] => [
  {
    provide: BalanceBook,
    useFactory: (changes: Changes, now: Now) =>
      new BalanceBook({
        now,
        timeZone,
        onTurned: (manager, accounts) =>
          changes.record(
            manager,
            accounts.map((id) => ({ kind: 'account', id })),
          ),
      }),
    inject: [Changes, NOW],
  },
  { provide: Partitions, useFactory: (dataSource: DataSource) => new Partitions(dataSource), inject: [DataSource] },
  { provide: KeyActivity, useFactory: (dataSource: DataSource) => new KeyActivity(dataSource), inject: [DataSource] },
  {
    provide: Settlement,
    useFactory: (dataSource: DataSource, balances: BalanceBook, partitions: Partitions, activity: KeyActivity) =>
      new Settlement({
        dataSource,
        balances,
        partitions,
        keepsLogs,
        onKeysUsed: (keys) => activity.used(keys),
        onRefused: (refused) =>
          log.warn('Entries of a journal were set aside: they are no finished calls.', {
            count: refused.length,
            reason: refused[0]?.reason,
          }),
      }),
    inject: [DataSource, BalanceBook, Partitions, KeyActivity],
  },
  {
    provide: LeaseDesk,
    useFactory: (dataSource: DataSource, balances: BalanceBook) => new LeaseDesk(dataSource, balances),
    inject: [DataSource, BalanceBook],
  },
  {
    provide: Housekeeping,
    useFactory: (dataSource: DataSource, balances: BalanceBook, leases: LeaseDesk, partitions: Partitions) =>
      new Housekeeping({ dataSource, balances, leases, partitions, keepLogs: parseDuration(keepLogs) }),
    inject: [DataSource, BalanceBook, LeaseDesk, Partitions],
  },
];

const feeds = ({ log }: LedgerModuleOptions): Provider[] => [
  {
    provide: ChangeFeed,
    useFactory: (dataSource: DataSource, changes: Changes) => {
      const { manager } = dataSource;
      const source = {
        latest: () => changes.latest(manager),
        since: (sequence: number) => changes.since(manager, sequence),
      };
      const feed = new ChangeFeed({ source, log });
      changes.onRecorded(() => feed.nudge());
      return feed;
    },
    inject: [DataSource, Changes],
  },
  { provide: RecallFeed, useFactory: (desk: LeaseDesk) => new RecallFeed({ source: desk, log }), inject: [LeaseDesk] },
];

const settings = (options: LedgerModuleOptions): Provider[] => [
  { provide: LOG, useValue: options.log },
  { provide: NOW, useValue: options.now ?? Date.now },
  { provide: LEDGER_SETTINGS, useValue: options.settings },
  { provide: INSTALLATION_BUDGET, useValue: options.budget },
  { provide: API_ENV_NAMES, useValue: options.apiEnvNames ?? [] },
  { provide: ROTATION_GRACE, useValue: options.rotationGrace ?? '' },
  { provide: MASTER_KEY_HASH, useValue: hashSecret(options.masterKey) },
  { provide: GATEWAY_TOKEN_HASH, useValue: hashSecret(options.gatewayToken) },
];

const callers: Provider[] = [
  { provide: BoundsKeeper, useFactory: (balances: BalanceBook) => new BoundsKeeper(balances), inject: [BalanceBook] },
  { provide: CALLERS, useClass: LedgerCallers },
];

@Module({})
export class AppModule {
  static of(options: LedgerModuleOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [StorageModule.of(options.storage, options.secrets)],
      controllers: CONTROLLERS,
      providers: [...settings(options), ...settlement(options), ...feeds(options), ...callers, ...SERVICES],
    };
  }
}
