/** Time that passes as fast as things happen in it. */

/**
 * @typedef {object} Event
 * @property {number} at
 * @property {number} order of events at the same moment
 * @property {(() => void) | undefined} run undefined: it was cancelled
 */

/** 2026-01-15T12:00:00Z */
export const START_OF_TIME = 1_768_478_400_000;

export class VirtualTime {
  /** Milliseconds since the beginning; never jumps. */
  elapsed = 0;
  /** What the clock on the wall is ahead. */
  #stepMs = 0;
  #order = 0;
  /** A binary heap: each event is before the two at twice its place. @type {Event[]} */
  #events = [];

  /** Epoch milliseconds of the clock on the wall. */
  now() {
    return START_OF_TIME + this.elapsed + this.#stepMs;
  }

  /** Somebody sets the clock. @param {number} ms */
  setClock(ms) {
    this.#stepMs += ms;
  }

  /**
   * @param {number} ms
   * @param {() => void} run
   * @returns {() => void} cancels it
   */
  after(ms, run) {
    /** @type {Event} */
    const event = { at: this.elapsed + Math.max(0, ms), order: (this.#order += 1), run };
    this.#push(event);
    return () => (event.run = undefined);
  }

  /** Until nothing is left to happen. */
  async run() {
    for (let event = this.#pop(); event; event = this.#pop()) {
      if (!event.run) continue;
      this.elapsed = event.at;
      event.run();
      await promisesSettled();
    }
  }

  /** @param {Event} event */
  #push(event) {
    const events = this.#events;
    let place = events.length;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      const other = /** @type {Event} */ (events[above]);
      if (isBefore(other, event)) break;
      events[place] = other;
      place = above;
    }
    events[place] = event;
  }

  /** @returns {Event | undefined} */
  #pop() {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (!first || !last || events.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      const left = events[below];
      const right = events[below + 1];
      if (!left) break;
      if (right && isBefore(right, left)) below += 1;
      const next = /** @type {Event} */ (events[below]);
      if (isBefore(last, next)) break;
      events[place] = next;
      place = below;
    }
    events[place] = last;
    return first;
  }
}

/** @param {Event} one @param {Event} other */
const isBefore = (one, other) => one.at < other.at || (one.at === other.at && one.order < other.order);

/** Everything that promises have to do at this moment is done when the event loop turns. */
const promisesSettled = () => new Promise((resolve) => setImmediate(resolve));
