// Starts the gateway as a process of its own.
import type { ChildProcess } from 'node:child_process';
import { entryOf, startNode } from './child.js';

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
 * CPU. The old generation is cleaned from 64 MiB on, and when it has grown by a quarter: events that wait for a callback
 * live for seconds, and V8 would let the process double for them.
 */
const NODE_FLAGS = ['--max-semi-space-size=8', '--initial-old-space-size=64', '--heap-growing-percent=25'];

export const startGateway = (start: GatewayStart): ChildProcess =>
  startNode({
    entry: entryOf('@turnpike/gateway'),
    nodeFlags: NODE_FLAGS,
    env: { TURNPIKE_START: JSON.stringify(start) },
  });
