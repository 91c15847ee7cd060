// Starts the gateway as a process of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What the gateway process reads from TURNPIKE_START. */
export interface GatewayStart {
  configFile?: string;
  flags: Record<string, unknown>;
  action: 'serve' | 'check' | 'show' | 'openapi';
}

const entry = (): string => createRequire(import.meta.url).resolve('@turnpike/gateway');

/**
 * How V8 sizes its heap, by measurement (`npm run bench`): a request's objects die young. A nursery of 16 MiB, the
 * default, grows the process without saving CPU; one of 4 MiB lets short-lived objects grow old, which costs a third more
 * CPU. The old generation is cleaned from 64 MiB on, so that the memory stays flat.
 */
const NODE_FLAGS = ['--max-semi-space-size=8', '--initial-old-space-size=64'];

/** What threads of glibc free stays with their arena; with as many arenas as it likes, that is some 8 MiB a process. */
const MALLOC = { MALLOC_ARENA_MAX: '2' };

/** Compiled code of the last start, beside the build. Where it cannot be written, Node does without. */
const compileCache = (): string => join(dirname(entry()), '.compile-cache');

/**
 * Runs it with this terminal, passes signals on, and resolves with its exit code. A signal that ended it counts as
 * the shell counts it: 128 + number.
 */
export const runGateway = (start: GatewayStart): Promise<number> => {
  const child = spawn(process.execPath, [...NODE_FLAGS, entry()], {
    stdio: 'inherit',
    env: { ...MALLOC, NODE_COMPILE_CACHE: compileCache(), ...process.env, TURNPIKE_START: JSON.stringify(start) },
  });
  const stopPassing = passSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      stopPassing();
      resolve(code ?? (signal === null ? 1 : 128 + (SIGNAL_NUMBERS[signal] ?? 0)));
    });
  });
};

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone does not. */
const passSignals = (child: ChildProcess): (() => void) => {
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
};
