// `turnpike`, `turnpike gateway` and `turnpike ledger`: run until they are told to stop.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { exitOf, onSignals, runToEnd } from './child.js';
import { startGateway } from './gateway-process.js';
import { KeptLedger, startLedger } from './ledger-process.js';

/** Flags as commander gives them. */
export interface ServeFlags {
  config?: string;
  [flag: string]: unknown;
}

export const serveGateway = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  process.exitCode = await runToEnd(startGateway({ configFile: config, flags, action: 'serve' }));
};

export const serveLedger = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  process.exitCode = await runToEnd(startLedger({ configFile: config, flags }));
};

/** Both, on this machine: the gateway finds the ledger by a socket in the data directory and a token of this start. */
export const serve = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  if (process.env['LEDGER_ADDRESS']) return serveGateway({ config, ...flags });
  const token = randomBytes(32).toString('hex');
  const ledger = new KeptLedger({ configFile: config, flags, embedded: { token } });
  let gateway: ChildProcess | undefined;
  const stopPassing = onSignals((signal) => {
    gateway?.kill(signal);
    if (signal === 'SIGHUP') ledger.signal(signal);
  });
  try {
    gateway = startGateway({ configFile: config, flags, action: 'serve', ledgerToken: token });
    process.exitCode = await runBeside(gateway, ledger);
  } finally {
    // It stays until the gateway has told it of its last calls.
    await ledger.stop();
    stopPassing();
  }
};

/** Until the gateway ends. Where the ledger cannot start, there is nothing to run beside. */
const runBeside = async (gateway: ChildProcess, ledger: KeptLedger): Promise<number> => {
  let failure = 0;
  void ledger.failed.then((code) => {
    failure = code;
    gateway.kill('SIGTERM');
  });
  const code = await exitOf(gateway);
  return failure || code;
};
