// `turnpike`, `turnpike gateway` and `turnpike ledger`: run until they are told to stop.
import { randomBytes } from 'node:crypto';
import { exitOf, onSignals } from './child.js';
import { runGateway, startGateway } from './gateway-process.js';
import { KeptLedger, runLedger } from './ledger-process.js';

/** Flags as commander gives them. */
export interface ServeFlags {
  config?: string;
  [flag: string]: unknown;
}

export const serveGateway = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  process.exitCode = await runGateway({ configFile: config, flags, action: 'serve' });
};

export const serveLedger = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  process.exitCode = await runLedger({ configFile: config, flags });
};

/** Both, on this machine: the gateway finds the ledger by a socket in the data directory and a token of this start. */
export const serve = async ({ config, ...flags }: ServeFlags): Promise<void> => {
  if (process.env['LEDGER_ADDRESS']) return serveGateway({ config, ...flags });
  const token = randomBytes(32).toString('hex');
  const ledger = new KeptLedger({ configFile: config, flags, embedded: { token } });
  const gateway = startGateway({ configFile: config, flags, action: 'serve', ledgerToken: token });
  // The ledger stays until the gateway has told it of its last calls.
  const stopPassing = onSignals((signal) => {
    gateway.kill(signal);
    if (signal === 'SIGHUP') ledger.signal(signal);
  });
  const ended = exitOf(gateway);
  void ledger.failed.then((code) => {
    process.exitCode = code;
    gateway.kill('SIGTERM');
  });
  const code = await ended;
  await ledger.stop();
  stopPassing();
  process.exitCode ||= code;
};
