// The end of a server that a test started.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Resolves when it is gone, also where it was before. */
export const endChild = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
};
