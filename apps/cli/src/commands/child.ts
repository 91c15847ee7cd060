// A process that this one starts and answers for.
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What threads of glibc free stays with their arena; with as many arenas as it likes, that is some 8 MiB a process. */
const MALLOC = { MALLOC_ARENA_MAX: '2' };

/** @param name of a package whose main file is a program */
export const entryOf = (name: string): string => createRequire(import.meta.url).resolve(name);

/** Compiled code of the last start, beside the build. Where it cannot be written, Node does without. */
const compileCache = (entry: string): string => join(dirname(entry), '.compile-cache');

export interface Program {
  readonly entry: string;
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A terminal's Ctrl-C does not reach it: this process says when it ends. */
  readonly isShielded?: boolean;
}

/** It writes to this terminal. */
export const startNode = ({ entry, nodeFlags, env, isShielded = false }: Program): ChildProcess =>
  spawn(process.execPath, [...nodeFlags, entry], {
    stdio: 'inherit',
    detached: isShielded,
    env: { ...MALLOC, NODE_COMPILE_CACHE: compileCache(entry), ...process.env, ...env },
  });

/** Its exit code. A signal that ended it counts as the shell counts it: 128 + number. */
export const exitOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? (signal === null ? 1 : 128 + (SIGNAL_NUMBERS[signal] ?? 0)));
    });
  });

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
const PASSED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** A terminal's Ctrl-C reaches children by itself; a signal sent to this process alone does not. Returns what ends it. */
export const onSignals = (pass: (signal: NodeJS.Signals) => void): (() => void) => {
  for (const signal of PASSED) process.on(signal, pass);
  return () => {
    for (const signal of PASSED) process.off(signal, pass);
  };
};

/** Passes signals on to a process that runs alone, and resolves with its exit code. */
export const runToEnd = async (child: ChildProcess): Promise<number> => {
  const stopPassing = onSignals((signal) => void child.kill(signal));
  try {
    return await exitOf(child);
  } finally {
    stopPassing();
  }
};
