import type { FinishReason } from '@turnpike/plugin-sdk';

/** `stop`, `length`; `load` and `unload` answer a call without messages. */
export const fromDoneReason = (word: string | undefined, hasToolCalls: boolean): FinishReason =>
  word === 'length' ? 'length' : hasToolCalls ? 'tool-calls' : 'stop';
