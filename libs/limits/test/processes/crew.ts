// Starts processes that call as fast as they are let, and tells what they did.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LimitRule } from '../../src/rule.js';

/** What a worker did. Times `from` and `to` are comparable between processes; `at` is epoch ms. */
export interface Report {
  readonly calls: readonly { readonly at: number; readonly from: number; readonly to: number }[];
  readonly denials: readonly { readonly at: number; readonly monotonicMs: number; readonly dimension: string }[];
  readonly longestWaitMs: number;
}

export interface Hammering {
  readonly rules: readonly LimitRule[];
  readonly tokens?: number;
  readonly forMs: number;
  /** Callers at once in each worker. */
  readonly loops: number;
  readonly holdMs: number;
}

const children = new Set<ChildProcess>();
const killAll = (): void => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
};
process.once('exit', killAll);

/** Ends all processes that were started here. */
export const endAll = killAll;

export const start = (script: string): ChildProcess => {
  const child = fork(fileURLToPath(new URL(`./${script}`, import.meta.url)), { execArgv: [] });
  children.add(child);
  child.on('exit', () => children.delete(child));
  // What is sent to one that was just killed fails; its end is what counts.
  child.on('error', () => undefined);
  return child;
};

/** Resolves with the next message of this type. */
export const next = <T>(child: ChildProcess, type: string): Promise<T> =>
  new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`It ended before it said '${type}'.`));
    const listener = (message: { type: string }): void => {
      if (message.type !== type) return;
      child.off('message', listener);
      child.off('exit', ended);
      resolve(message as T);
    };
    child.on('message', listener);
    child.once('exit', ended);
  });

/** How many calls were let through in each window; the first and the last window are as long as the test made them. */
export const callsByWindow = (reports: readonly Report[], windowMs: number): number[] => {
  const counts = new Map<number, number>();
  for (const { calls } of reports)
    for (const { at } of calls) {
      const window = Math.floor(at / windowMs);
      counts.set(window, (counts.get(window) ?? 0) + 1);
    }
  return [...counts].sort(([left], [right]) => left - right).map(([, count]) => count);
};

/** Refusals in windows in which somebody was let through later: there was room. */
export const earlyRefusals = (reports: readonly Report[], windowMs: number): number => {
  const last = new Map<number, number>();
  for (const { calls } of reports)
    for (const { at } of calls) {
      const window = Math.floor(at / windowMs);
      last.set(window, Math.max(at, last.get(window) ?? 0));
    }
  return reports.flatMap(({ denials }) => denials).filter(({ at }) => at < (last.get(Math.floor(at / windowMs)) ?? 0))
    .length;
};

/** The most calls at one moment, and how many there were on average between the first beginning and `forMs` later. */
export const overlap = (reports: readonly Report[], forMs: number): { most: number; average: number } => {
  const calls = reports.flatMap((report) => report.calls);
  const events = calls.flatMap(({ from, to }) => [
    { time: from, change: 1 },
    { time: to, change: -1 },
  ]);
  // At one and the same time the end comes first.
  events.sort((left, right) => left.time - right.time || left.change - right.change);
  const begin = events[0]!.time;
  let running = 0;
  let most = 0;
  for (const { change } of events) {
    running += change;
    most = Math.max(most, running);
  }
  const total = calls.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, begin + forMs) - Math.min(from, begin + forMs)),
    0,
  );
  return { most, average: total / forMs };
};
