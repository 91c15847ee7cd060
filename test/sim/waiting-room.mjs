/** Where requests wait for a deployment: the router's queue, with somebody who lets them in. */
import { GatewayError } from '@turnpike/errors';
import { RequestQueue } from '@turnpike/router';

/** @typedef {import('@turnpike/router').Ticket} Ticket */
/** @typedef {{ caller: string, priority: number, ticket?: Ticket }} Place what a request keeps between two waits */

const LONGEST_WAIT_MS = 60_000;

export class WaitingRoom {
  /** @type {Map<Ticket, (isReady: boolean) => void>} */
  #waiting = new Map();
  /** What is waited for → when it is looked at again. @type {Map<string, { at: number, cancel: () => void }>} */
  #looks = new Map();

  /** @param {import('./virtual-time.mjs').VirtualTime} time @param {number} size */
  constructor(time, size) {
    this.time = time;
    this.queue = new RequestQueue(size);
  }

  /**
   * @param {string} key
   * @param {Place} place
   * @param {number} readyInMs when there may be somebody
   * @param {number} deadlineMs until then it waits
   * @returns {Promise<boolean>}
   */
  wait(key, place, readyInMs, deadlineMs) {
    // It was let in and found nobody: it goes back to where it was.
    const { ticket: former } = place;
    if (former) this.queue.reenter(former);
    const ticket = former ?? this.queue.enter(key, place.caller, place.priority);
    if (!ticket) return Promise.reject(new GatewayError('GW_QUEUE_FULL', 'Too many requests wait.'));
    place.ticket = ticket;
    this.#lookAfter(key, readyInMs);
    return new Promise((resolve) => {
      const cancel = this.time.after(deadlineMs, () => {
        this.queue.leave(ticket);
        this.#settle(ticket, false);
      });
      this.#waiting.set(ticket, (isReady) => {
        cancel();
        resolve(isReady);
      });
    });
  }

  /** Somebody may be ready: the next one looks. Whoever finds somebody calls this again for the one behind. @param {string} key */
  letIn(key) {
    const ticket = this.queue.admit(key);
    if (ticket) this.#settle(ticket, true);
  }

  /** @param {Ticket} ticket @param {boolean} isReady */
  #settle(ticket, isReady) {
    this.#waiting.get(ticket)?.(isReady);
    this.#waiting.delete(ticket);
  }

  /** @param {string} key @param {number} ms */
  #lookAfter(key, ms) {
    const at = this.time.elapsed + Math.min(ms, LONGEST_WAIT_MS);
    const planned = this.#looks.get(key);
    if (planned && planned.at <= at) return;
    planned?.cancel();
    const cancel = this.time.after(at - this.time.elapsed, () => {
      this.#looks.delete(key);
      this.letIn(key);
    });
    this.#looks.set(key, { at, cancel });
  }
}
