// What machines tell each other through Redis.
import type { Recall } from './authority.js';

export type BusMessage =
  /** With an `id` an answer is waited for. */
  | (Recall & { readonly type: 'recall'; readonly from: string; readonly to: readonly string[]; readonly id?: number })
  | { readonly type: 'answer'; readonly from: string; readonly id: number }
  | { readonly type: 'room'; readonly key: string };

/** @returns undefined for what no machine of ours says: anybody who reaches Redis may publish */
export const toBusMessage = (text: string): BusMessage | undefined => {
  try {
    const message = JSON.parse(text) as BusMessage;
    return message.type === 'recall' && !Array.isArray(message.to) ? undefined : message;
  } catch {
    return undefined;
  }
};
