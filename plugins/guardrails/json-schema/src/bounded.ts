// Runs work that clients can make as long as they like, such as a schema that goes round in circles, for a bounded time.
import { createContext, Script, type Context } from 'node:vm';

let room: { context: Context; script: Script } | undefined;

/**
 * The work is plain code of this process; only its being stopped needs the other room.
 * @throws Error with the code ERR_SCRIPT_EXECUTION_TIMEOUT, and whatever the work throws
 */
export const within = <T>(timeoutMs: number, work: () => T): T => {
  room ??= { context: createContext({}), script: new Script('work()') };
  let result: { value: T } | undefined;
  room.context['work'] = () => {
    result = { value: work() };
  };
  try {
    room.script.runInContext(room.context, { timeout: timeoutMs });
  } finally {
    delete room.context['work'];
  }
  return result!.value;
};

export const isTimeout = (error: unknown): boolean =>
  (error as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
