// A worker's authority: the primary of its machine, at the other end of a channel of messages.
import {
  byDimension,
  noGrant,
  type Ask,
  type Authority,
  type AuthorityEvents,
  type Grant,
  type Return,
} from './authority.js';
import { afterMs } from './deadline.js';
import { Outbox, type Item, type LimitMessage } from './messages.js';

/** The primary answers well within this, even when it has to find out that Redis is away. */
const ANSWER_MS = 500;
/** After an unanswered ask, calls are denied without asking for so long. */
const SILENCE_MS = 100;

/** This end of the channel. Messages arrive in the order in which they were sent. */
export interface LimitChannel {
  send(message: LimitMessage): void;
  onMessage(listener: (message: LimitMessage) => void): void;
}

interface Waiting {
  readonly askedAt: number;
  readonly resolve: (grant: Grant) => void;
  readonly cancel: () => void;
}

export class ChannelAuthority implements Authority {
  isDegraded = false;
  private events!: AuthorityEvents;
  private readonly outbox: Outbox;
  private readonly waiting = new Map<number, Waiting>();
  private readonly now: () => number;
  private nextId = 1;

  /** @param options.now epoch ms; it need not agree with the primary's clock */
  constructor(channel: LimitChannel, { now = Date.now }: { now?: () => number } = {}) {
    this.now = now;
    this.outbox = new Outbox((message) => channel.send(message));
    channel.onMessage((message) => this.heard(message));
  }

  attach(events: AuthorityEvents): void {
    this.events = events;
  }

  ask(ask: Ask): Promise<Grant> {
    const id = this.nextId++;
    this.outbox.post('limit-request', { ...ask, id });
    return new Promise((resolve) => {
      const cancel = afterMs(ANSWER_MS, () => {
        this.waiting.delete(id);
        resolve(noGrant(ask.rule.key, this.now() + SILENCE_MS));
      });
      this.waiting.set(id, { askedAt: this.now(), resolve, cancel });
    });
  }

  giveBack(back: Return): void {
    this.outbox.post('limit-return', back);
  }

  private heard(message: LimitMessage): void {
    switch (message.type) {
      case 'limit-grant':
        for (const grant of message.items) this.granted(grant);
        break;
      case 'limit-recall':
        for (const recall of message.items) void this.recalled(recall);
        break;
      case 'limit-room':
        for (const key of message.items) this.events.room(key);
        break;
      case 'limit-degraded':
        this.isDegraded = message.items.at(-1)!;
        this.events.degraded(this.isDegraded);
        break;
      default:
    }
  }

  private granted({ id, key, window, granted, beyond, endsInMs, dryForMs }: Item<'limit-grant'>): void {
    const waiting = this.waiting.get(id);
    if (!waiting) {
      // Nobody waits any more, and it would be missing until this process ends.
      this.giveBack({ key, window, amounts: granted });
      return;
    }
    this.waiting.delete(id);
    waiting.cancel();
    const now = this.now();
    waiting.resolve({
      key,
      window,
      granted,
      beyond,
      // It was written after it was asked for, so the minute is not taken for longer than it is.
      endsAt: waiting.askedAt + endsInMs,
      dryUntil: byDimension((dimension) => (dryForMs[dimension] > 0 ? now + dryForMs[dimension] : 0)),
    });
  }

  private async recalled({ id, ...recall }: Item<'limit-recall'>): Promise<void> {
    const recalled = this.events.recalled(recall);
    const back = recalled instanceof Promise ? await recalled : recalled;
    this.outbox.post('limit-return', id === undefined ? back : { ...back, id });
  }

  /** The channel is its owner's. */
  close(): void {
    for (const { cancel } of this.waiting.values()) cancel();
    this.waiting.clear();
  }
}
