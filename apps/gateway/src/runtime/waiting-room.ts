// Where requests wait for room: the queue of `enable_request_queue`, with its timers and promises.
import { GatewayError } from '@turnpike/errors';
import { RequestQueue, type Ticket } from '@turnpike/router';

/** Room made by other workers and machines announces itself to nobody. */
const LOOK_AGAIN_MS = 100;

export interface WaitingRoomSettings {
  readonly maxSize: number;
  /** Longest wait of one request. */
  readonly maxWaitMs: number;
}

/** One request's place. */
export interface Place {
  readonly ticket: Ticket;
  readonly leavesAt: number;
  /** The longest it may wait. */
  readonly waitedMs: number;
}

interface Waiter {
  readonly place: Place;
  readonly done: (isLetIn: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

export class WaitingRoom {
  private readonly queue: RequestQueue;
  private readonly waiters = new Map<Ticket, Waiter>();
  private lookTimer: NodeJS.Timeout | undefined;

  /** @param now epoch milliseconds */
  constructor(
    private readonly settings: WaitingRoomSettings,
    private readonly now: () => number,
  ) {
    this.queue = new RequestQueue(settings.maxSize);
  }

  get size(): number {
    return this.waiters.size;
  }

  /** Others came first. */
  isQueued(key: string): boolean {
    return this.queue.waiting(key) > 0;
  }

  /**
   * A place in the line of `key`.
   * @param retryAfterMs what a client is told that finds no place
   * @throws GW_QUEUE_FULL
   */
  enter(key: string, caller: string, priority: number, retryAfterMs: number | undefined): Place {
    const ticket = this.queue.enter(key, caller, priority);
    const { maxWaitMs: waitedMs } = this.settings;
    if (ticket) return { ticket, leavesAt: this.now() + waitedMs, waitedMs };
    throw new GatewayError(
      'GW_QUEUE_FULL',
      `The queue is full: ${this.settings.maxSize} requests wait already. Wait as long as Retry-After says.`,
      { retryAfterMs: retryAfterMs ?? 1_000 },
    );
  }

  /** Until there may be room. False: its time is over. A place that is waited at again is the old one. */
  wait(place: Place, isBack: boolean): Promise<boolean> {
    const leftMs = place.leavesAt - this.now();
    if (leftMs <= 0) {
      this.queue.leave(place.ticket);
      return Promise.resolve(false);
    }
    if (isBack) this.queue.reenter(place.ticket);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.leave(place), leftMs);
      this.waiters.set(place.ticket, { place, done: resolve, timer });
      this.lookTimer ??= setInterval(() => this.letIn(), LOOK_AGAIN_MS);
    });
  }

  /** It waits no longer: its time is over, or its client left. */
  leave({ ticket }: Place): void {
    this.queue.leave(ticket);
    this.finish(ticket, false);
  }

  /** There may be room: the first of each line may look. One that gets through calls for the next. */
  letIn(): void {
    if (this.waiters.size === 0) return;
    for (const key of [...this.queue.keys()]) this.letInTo(key);
  }

  letInTo(key: string): void {
    const ticket = this.queue.admit(key);
    if (ticket) this.finish(ticket, true);
  }

  private finish(ticket: Ticket, isLetIn: boolean): void {
    const waiter = this.waiters.get(ticket);
    if (!waiter) return;
    this.waiters.delete(ticket);
    clearTimeout(waiter.timer);
    if (this.waiters.size === 0) {
      clearInterval(this.lookTimer);
      this.lookTimer = undefined;
    }
    waiter.done(isLetIn);
  }
}
