// The queue of one callback: bounded, in batches, patient with a server that is away, and never in anybody's way.
import type {
  Alert,
  CallFinished,
  Delivery as Wishes,
  EventsV1,
  UpstreamAnswered,
  UpstreamAsked,
} from '@turnpike/plugin-sdk';

type ChunkEvent = Parameters<NonNullable<EventsV1['onStreamEvent']>>[0];

/** What a callback is told, by moment. A finished call is made whole only when it is about to be told. */
export interface Moments {
  onBeforeCall: UpstreamAsked;
  onStreamEvent: ChunkEvent;
  onAfterCall: UpstreamAnswered;
  onSuccess: PendingCall;
  onFailure: PendingCall;
  onAlert: Alert;
}

export type Moment = keyof Moments;

/** A finished call on its way. */
export interface PendingCall {
  /** The same for all who ask. Never rejects. */
  told(): CallFinished | Promise<CallFinished>;
}

/** Runs hooks under deadlines; rejects when one fails. The kernel's containment. */
export interface HookRunner {
  readonly isResting: boolean;
  run<T>(hook: string, deadlineMs: number, body: (signal: AbortSignal) => T | Promise<T>): Promise<T>;
}

/** Where events go: a running plugin, perhaps one that is still being opened. */
export interface Target {
  readonly events: EventsV1;
  readonly hooks: HookRunner;
}

export interface DeliveryOptions {
  readonly target: Target | Promise<Target>;
  readonly wishes?: Wishes;
  /** Told how many events were given up. */
  readonly onDropped: (count: number) => void;
  /** [0, 1) */
  readonly random: () => number;
  readonly limits?: Partial<DeliveryLimits>;
}

export interface DeliveryLimits {
  /** Events that wait. */
  maxWaiting: number;
  /** Bytes of prompts and answers that wait. */
  maxWaitingBytes: number;
  /** How often a batch is sent before it is given up. */
  maxTries: number;
  /** Before the second try; doubled for each further one. */
  firstWaitMs: number;
  hookDeadlineMs: number;
}

const LIMITS: DeliveryLimits = {
  maxWaiting: 10_000,
  maxWaitingBytes: 16 * 1024 * 1024,
  maxTries: 6,
  firstWaitMs: 500,
  hookDeadlineMs: 10_000,
};

const MAX_BATCH = 100;
const INTERVAL_MS = 1_000;

/** Of one call they are told in this order, and batch after batch keeps it. */
const ORDER = ['onBeforeCall', 'onStreamEvent', 'onAfterCall', 'onSuccess', 'onFailure', 'onAlert'] as const;

interface Waiting {
  readonly moment: Moment;
  readonly event: Moments[Moment];
  /** Of prompt and answer. */
  readonly bytes: number;
}

/** What one callback has not taken yet. */
export interface QueueDepth {
  /** Of the callback. */
  readonly name: string;
  readonly events: number;
  /** Of prompts and answers. */
  readonly bytes: number;
}

export const depthOf = (name: string, { depth: events, depthBytes: bytes }: Delivery): QueueDepth => ({
  name,
  events,
  bytes,
});

export class Delivery {
  /** From `head` on. */
  private waiting: Waiting[] = [];
  private head = 0;
  private bytes = 0;
  private readonly limits: DeliveryLimits;
  private readonly maxBatch: number;
  private readonly intervalMs: number;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private isClosing = false;
  private wake: (() => void) | undefined;

  constructor(private readonly options: DeliveryOptions) {
    this.limits = { ...LIMITS, ...options.limits };
    this.maxBatch = options.wishes?.maxBatch ?? MAX_BATCH;
    this.intervalMs = options.wishes?.intervalMs ?? INTERVAL_MS;
  }

  /** Events that have not been taken by the callback yet. */
  get depth(): number {
    return this.waiting.length - this.head;
  }

  /** Of prompts and answers in them. */
  get depthBytes(): number {
    return this.bytes;
  }

  /** @param bytes how much memory it holds besides itself */
  push<M extends Moment>(moment: M, event: Moments[M], bytes = 0): void {
    this.waiting.push({ moment, event, bytes });
    this.bytes += bytes;
    while (this.depth > this.limits.maxWaiting || (this.bytes > this.limits.maxWaitingBytes && this.depth > 1))
      this.dropOldest();
    if (this.sending) return;
    if (this.isClosing || this.depth >= this.maxBatch) void this.send();
    else this.timer ??= setTimeout(onDue, this.intervalMs, this).unref();
  }

  /** Sends what waits, within this time; what cannot be sent is given up. Nothing may be pushed after it. */
  async close(withinMs: number): Promise<void> {
    this.isClosing = true;
    this.wake?.();
    if (this.depth > 0 || this.sending) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      await Promise.race([this.sending ?? this.send(), late]);
      clearTimeout(timer);
    }
    clearTimeout(this.timer);
    if (this.depth > 0) this.options.onDropped(this.depth);
    this.waiting = [];
    this.head = 0;
    this.bytes = 0;
  }

  /** The time of those that wait is over. */
  due(): void {
    if (!this.sending) void this.send();
  }

  private send(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sending = this.sendAll().finally(() => {
      this.sending = undefined;
      if (this.depth > 0 && !this.isClosing) this.timer ??= setTimeout(onDue, this.intervalMs, this).unref();
    });
    return this.sending;
  }

  /** Until less than a batch waits; when it closes, until nothing does. Never rejects. */
  private async sendAll(): Promise<void> {
    let target: Target;
    try {
      target = await this.options.target;
    } catch {
      // Why it could not be opened is told where it is opened.
      this.options.onDropped(this.take(this.depth).length);
      return;
    }
    do {
      const batch = this.take(this.maxBatch);
      for (const moment of ORDER) {
        const events = batch.filter((one) => one.moment === moment).map((one) => one.event);
        if (events.length > 0 && target.events[moment]) await this.tell(target, moment, events);
      }
    } while (this.depth >= this.maxBatch || (this.isClosing && this.depth > 0));
  }

  private async tell(target: Target, moment: Moment, events: Moments[Moment][]): Promise<void> {
    const { maxTries, firstWaitMs, hookDeadlineMs } = this.limits;
    const told: unknown[] = [];
    for (const event of events) told.push('told' in event ? await event.told() : event);
    // A single event may be half told when its hook fails; a batch is taken as a whole or not at all.
    const tries = isBatched(moment) ? maxTries : 1;
    for (let number = 1; ; number += 1) {
      try {
        await target.hooks.run(moment, hookDeadlineMs, (signal) => callHook(target.events, moment, told, signal));
        return;
      } catch {
        if (number >= tries || this.isClosing) break;
        await this.pause(firstWaitMs * 2 ** (number - 1) * (0.5 + this.options.random()));
        await this.rest(target);
      }
    }
    this.options.onDropped(events.length);
  }

  /** Until its callback is switched on again. */
  private async rest({ hooks }: Target): Promise<void> {
    while (hooks.isResting && !this.isClosing) await this.pause(this.limits.firstWaitMs);
  }

  /** Ends early when it closes. */
  private pause(ms: number): Promise<void> {
    if (this.isClosing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private take(count: number): Waiting[] {
    const taken = this.waiting.slice(this.head, this.head + count);
    this.head += taken.length;
    for (const { bytes } of taken) this.bytes -= bytes;
    this.compact();
    return taken;
  }

  private dropOldest(): void {
    this.bytes -= this.waiting[this.head]!.bytes;
    this.head += 1;
    this.compact();
    this.options.onDropped(1);
  }

  /** What was taken is let go of, not one by one. */
  private compact(): void {
    if (this.head < this.waiting.length && this.head < MAX_BATCH) return;
    this.waiting = this.waiting.slice(this.head);
    this.head = 0;
  }
}

const onDue = (delivery: Delivery): void => delivery.due();

const isBatched = (moment: Moment): moment is 'onSuccess' | 'onFailure' | 'onAlert' =>
  moment === 'onSuccess' || moment === 'onFailure' || moment === 'onAlert';

const callHook = async (
  events: EventsV1,
  moment: Moment,
  told: readonly unknown[],
  signal: AbortSignal,
): Promise<void> => {
  if (isBatched(moment)) {
    await events[moment]?.(told as never, signal);
    return;
  }
  for (const event of told) {
    if (signal.aborted) return;
    await events[moment]?.(event as never);
  }
};
