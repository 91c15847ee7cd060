// What a controller is told of a call beside its message.
import type { Caller } from './caller.js';

export interface RpcCall {
  readonly caller: Caller;
  /** Aborted when nobody waits any more: the deadline passed, the client left, or the ledger ends. */
  readonly signal: AbortSignal;
  /** When the client will have given up. Absent: it waits. */
  readonly deadline?: Date;
  /** ASCII metadata of the call; an absent one is undefined. */
  header(name: string): string | undefined;
}
