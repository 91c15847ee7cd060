// The messages between a primary and its workers. Plain JSON; lists, so that one message carries what came up in one
// turn of the event loop. Messages of one sender must arrive in order.
import type { Amounts, Ask, Grant, Recall, Return } from './authority.js';

/** `id` is the sender's, and comes back with the answer. */
export type Numbered<T> = T & { readonly id: number };

/** A grant on its way: times are distances, since the clocks of two processes may differ. */
export interface GrantMessage extends Pick<Grant, 'key' | 'window' | 'granted' | 'beyond'> {
  /** Until the end of the minute, from when this was written. */
  readonly endsInMs: number;
  /** How long asking again is pointless; 0: there may be more. */
  readonly dryForMs: Amounts;
}

export type LimitMessage =
  /** Worker: these slices, please. */
  | { readonly type: 'limit-request'; readonly items: readonly Numbered<Ask>[] }
  /** Primary: as much as there was. */
  | { readonly type: 'limit-grant'; readonly items: readonly Numbered<GrantMessage>[] }
  /** Worker: not needed. With the `id` of a recall it is the answer to that, even if empty. */
  | { readonly type: 'limit-return'; readonly items: readonly (Return & { readonly id?: number })[] }
  /** Primary: others need it. With an `id` an answer is waited for. */
  | { readonly type: 'limit-recall'; readonly items: readonly (Recall & { readonly id?: number })[] }
  /** Primary: there may be room again for these keys. */
  | { readonly type: 'limit-room'; readonly items: readonly string[] }
  /** Primary: whether limits across machines hold. The last item counts. */
  | { readonly type: 'limit-degraded'; readonly items: readonly boolean[] };

export type Item<Type extends LimitMessage['type']> = Extract<LimitMessage, { type: Type }>['items'][number];

/** Collects what is to be said to one receiver in one turn of the event loop, and keeps its order. */
export class Outbox {
  private waiting: { type: LimitMessage['type']; items: unknown[] }[] = [];

  constructor(private readonly send: (message: LimitMessage) => void) {}

  post<Type extends LimitMessage['type']>(type: Type, item: Item<Type>): void {
    if (this.waiting.length === 0) queueMicrotask(() => this.flush());
    const last = this.waiting.at(-1);
    if (last?.type === type) last.items.push(item);
    else this.waiting.push({ type, items: [item] });
  }

  private flush(): void {
    const messages = this.waiting;
    this.waiting = [];
    for (const message of messages) this.send(message as LimitMessage);
  }
}
