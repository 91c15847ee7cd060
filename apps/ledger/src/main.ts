// The ledger process: who may spend, and what was spent.
import { isGatewayError } from '@turnpike/errors';
import { createLogger, redactText, registerSecret, type RootLogger } from '@turnpike/telemetry';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLedger, type Ledger } from './ledger.js';
import { readLedgerOptions, type LedgerOptions } from './start-options.js';
import { withoutTaken } from './taken-address.js';
import { isUnavailable } from './storage/database-error.js';

/** A database that starts at the same time is waited for. */
const DATABASE_WAIT_MS = 60_000;
const DATABASE_PAUSE_MS = 1_000;
const END_WITHIN_MS = 10_000;
const ORPHAN_MS = 1_000;

/** What is wrong and what to do, in one line and without secrets. */
const describeFailure = (error: unknown): string => redactText(describe(error));

const describe = (error: unknown): string => {
  if (isGatewayError(error)) return `${error.code}: ${error.message}`;
  const { code } = error as { code?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  if (isUnavailable(error))
    return `GW_LEDGER_UNAVAILABLE: the database does not do its work (${message}). Check DATABASE_URL, and that it runs.`;
  if (code === 'EADDRINUSE' || message.includes('EADDRINUSE'))
    return `The gRPC address is already in use (${message}). Choose another with --grpc-address, or end what listens there.`;
  if (message.includes('No address added')) return `The gRPC address cannot be listened at (${message}).`;
  return error instanceof Error ? (error.stack ?? message) : message;
};

const open = async (options: LedgerOptions, log: RootLogger): Promise<Ledger> => {
  const until = Date.now() + DATABASE_WAIT_MS;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await openLedger(options, log);
    } catch (error) {
      if (!isUnavailable(error) || Date.now() > until) throw error;
      if (isFirst) log.warn('The database does not answer yet; it is tried again for a minute.', { error });
      await sleep(DATABASE_PAUSE_MS);
    }
  }
};

/** Ends once, whatever asks for it and however often. */
const endOn = (ledger: Ledger, log: RootLogger, isEmbedded: boolean): void => {
  let isEnding = false;
  const end = (reason: string): void => {
    if (isEnding) return;
    isEnding = true;
    log.info('The ledger ends.', { reason });
    setTimeout(() => {
      log.error('The ledger did not end in time, and is ended.');
      process.exit(1);
    }, END_WITHIN_MS).unref();
    ledger.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('The ledger did not end well.', { error });
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(signal));
  if (!isEmbedded) return;
  // Whoever started it was killed: nobody else will end it, and it holds the data directory.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end('its parent is gone');
  }, ORPHAN_MS).unref();
};

const main = async (): Promise<void> => {
  const options = readLedgerOptions(process.env, process.cwd());
  for (const secret of [options.masterKey, options.gatewayToken]) registerSecret(secret);
  const { level, json } = options.logging;
  const isEmbedded = options.addresses.some((address) => address.startsWith('unix:'));
  // Beside a gateway it is the gateway that tells of a good start.
  const log = createLogger({ level: isEmbedded && level === 'info' ? 'warn' : level, json: json || undefined });
  const ledger = await open(await withoutTaken(options, log), log);
  endOn(ledger, log, isEmbedded);
  log.info('The ledger is ready.', { addresses: ledger.addresses });
};

process.on('uncaughtException', (error) => {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exit(1);
});

main().catch((error: unknown) => {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exit(1);
});
