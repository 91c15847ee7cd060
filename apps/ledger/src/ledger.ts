// A ledger in this process: opens what it keeps everything in, serves, and ends in order.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { INestMicroservice } from '@nestjs/common';
import type { CallEntry } from '@turnpike/domain';
import type { Logger } from '@turnpike/telemetry';
import { AppModule } from './app.module.js';
import { CALLERS, type Callers } from './grpc/caller.js';
import { LedgerTransport } from './grpc/ledger-transport.js';
import { Chores } from './services/chores.js';
import { KeyActivity } from './settlement/key-activity.js';
import { Settlement } from './settlement/settlement.js';
import type { LedgerOptions } from './start-options.js';
import { openSecrets } from './storage/open-secrets.js';
import { openStorage, type Storage } from './storage/storage.js';

/** Within ten seconds all is over; the rest is for what is written last. */
const DRAIN_MS = 8_000;

export interface Ledger {
  /** As they were bound. */
  readonly addresses: readonly string[];
  /** Answers what was begun, writes down what it has, and closes the database. */
  close(): Promise<void>;
}

/** @throws GatewayError GW_CONFIG_INVALID; pg's own errors when the database is away; Node's when an address is taken */
export const openLedger = async (options: LedgerOptions, log: Logger): Promise<Ledger> => {
  const { databaseUrl, dataDir, poolSize } = options;
  const storage = await openStorage({ databaseUrl, dataDir, poolSize, log });
  try {
    return await serve(storage, options, log);
  } catch (error) {
    await storage.close();
    throw error;
  }
};

const serve = async (storage: Storage, options: LedgerOptions, log: Logger): Promise<Ledger> => {
  const { masterKey, saltKey, dataDir, gatewayToken, timeZone, kept, budget } = options;
  const secrets = await openSecrets(storage, { saltKey, masterKey, dataDir, log });
  const {
    maximum_spend_logs_retention_period: period,
    disable_spend_logs: noLogs,
    disable_error_logs: noErrors,
  } = kept.general;
  const module = AppModule.of({
    storage,
    secrets,
    masterKey,
    gatewayToken,
    timeZone,
    budget,
    settings: options.keySettings,
    apiEnvNames: options.apiEnvNames,
    rotationGrace: options.rotationGrace,
    // What is not told is kept only until it cannot come again.
    keepLogs: noLogs === true ? '1d' : typeof period === 'string' ? period : undefined,
    ...((noLogs === true || noErrors === true) && {
      keepsLogs: ({ status }: CallEntry) => noLogs !== true && status !== 'failure',
    }),
    log,
  });
  // The transport is made before the application that knows its callers, and asks only once that is up.
  const known: { callers?: Callers } = {};
  const transport = new LedgerTransport({
    addresses: options.addresses,
    tls: options.tls,
    grpcInsecure: options.grpcInsecure,
    drainMs: DRAIN_MS,
    log,
    callers: { identify: (bearer, onBehalfOf) => known.callers!.identify(bearer, onBehalfOf) },
  });
  const app = await NestFactory.createMicroservice(module, { strategy: transport, logger: false, abortOnError: false });
  known.callers = app.get<Callers>(CALLERS);
  await app.listen();
  app.get(Chores).start();
  return { addresses: transport.boundAddresses, close: () => close(app, transport, storage) };
};

const close = async (app: INestMicroservice, transport: LedgerTransport, storage: Storage): Promise<void> => {
  await transport.close();
  await app.get(Chores).stop();
  await app.get(Settlement).drain();
  await app.get(KeyActivity).idle();
  await app.close();
  await storage.close();
};
