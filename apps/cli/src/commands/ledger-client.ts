// Finds the ledger for a command that wants something of it: the one that runs, or else one for as long as it takes.
import type { GatewayConfig, LedgerCertificates } from '@turnpike/config';
import { isNearLedger, ledgerSocketIn, masterKeyOf, readLedgerTls } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import { connectLedger, LedgerError, type LedgerClient } from '@turnpike/rpc';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitOf } from './child.js';
import { startLedger } from './ledger-process.js';

export interface LedgerFlags {
  config?: string;
  dataDir?: string;
  /** "host:port", "unix:/path". */
  ledger?: string;
}

export interface OpenLedger {
  readonly client: LedgerClient;
  close(): Promise<void>;
}

const START_MS = 60_000;
const STOP_MS = 15_000;
const PAUSE_MS = 100;

/** @throws GW_CONFIG_INVALID when it cannot be reached, or started */
export const openLedger = async (config: GatewayConfig, flags: LedgerFlags): Promise<OpenLedger> => {
  const token = masterKeyOf(config).key;
  const address = flags.ledger ?? config.ledger.address;
  if (address !== undefined) return connected(address, token, config);
  const socket = ledgerSocketIn(config.server.dataDir);
  if (await answers(socket)) return connected(`unix:${socket}`, token, config);
  return started(`unix:${socket}`, token, flags);
};

const connected = (address: string, token: string, config: GatewayConfig): OpenLedger => {
  const client = connectLedger({ address, token, tls: tlsOf(address, config) });
  const close = (): Promise<void> => {
    client.close();
    return Promise.resolve();
  };
  return { client, close };
};

/** Passwords and keys go this way: in clear only where nobody listens. */
const tlsOf = (address: string, { ledger, kept }: GatewayConfig): LedgerCertificates | undefined => {
  if (address.startsWith('unix:')) return undefined;
  if (ledger.tls) return readLedgerTls(ledger.tls);
  if (isNearLedger(address) || kept.general['ledger_insecure'] === true) return undefined;
  throw new GatewayError(
    'GW_CONFIG_INVALID',
    `The ledger at ${address} is on another machine, and would be sent secrets in clear. Name the authority of its ` +
      'certificate with --ledger-ca, or say --ledger-insecure where the network itself is trusted.',
  );
};

/** A socket that a killed ledger left behind does not. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

/** It says itself why it does not start. */
const started = async (
  address: string,
  token: string,
  { config: configFile, dataDir }: LedgerFlags,
): Promise<OpenLedger> => {
  const child = startLedger({
    configFile,
    flags: { ...(dataDir !== undefined && { dataDir }), grpcAddress: 'off' },
    embedded: { token: randomBytes(32).toString('hex') },
  });
  const ended = exitOf(child);
  const client = connectLedger({ address, token });
  const close = async (): Promise<void> => {
    client.close();
    await stop(child, ended);
  };
  try {
    await untilReady(client, child);
    return { client, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const untilReady = async (client: LedgerClient, child: ChildProcess): Promise<void> => {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await client.keys.listKeyAliases({ page: { page: 1, size: 1 } });
      return;
    } catch (error) {
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (hasEnded) throw new GatewayError('GW_CONFIG_INVALID', 'The ledger did not start.', { cause: error });
      if (!(error instanceof LedgerError && error.isAway) || Date.now() > until) throw error;
    }
    await sleep(PAUSE_MS);
  }
};

const stop = async (child: ChildProcess, ended: Promise<number>): Promise<void> => {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(force);
};
