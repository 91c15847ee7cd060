// Starts the gateway as a process of its own.
import type { ChildProcess } from 'node:child_process';
import { entryOf, exitOf, onSignals, startNode } from './child.js';

/** What the gateway process reads from TURNPIKE_START. */
export interface GatewayStart {
  configFile?: string;
  flags: Record<string, unknown>;
  action: 'serve' | 'check' | 'show' | 'openapi';
  /** A ledger runs beside it, and knows it by this. */
  ledgerToken?: string;
}

/**
 * How V8 sizes its heap, by measurement (`npm run bench`): a request's objects die young. A nursery of 16 MiB, the
 * default, grows the process without saving CPU; one of 4 MiB lets short-lived objects grow old, which costs a third more
 * CPU. The old generation is cleaned from 64 MiB on, so that the memory stays flat.
 */
const NODE_FLAGS = ['--max-semi-space-size=8', '--initial-old-space-size=64'];

export const startGateway = (start: GatewayStart): ChildProcess =>
  startNode(entryOf('@turnpike/gateway'), NODE_FLAGS, { TURNPIKE_START: JSON.stringify(start) });

/** Runs it alone, passes signals on, and resolves with its exit code. */
export const runGateway = async (start: GatewayStart): Promise<number> => {
  const child = startGateway(start);
  const stopPassing = onSignals((signal) => void child.kill(signal));
  try {
    return await exitOf(child);
  } finally {
    stopPassing();
  }
};
