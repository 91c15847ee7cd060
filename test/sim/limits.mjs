/** What deployments may be asked at most: `rpm` and `max_parallel_requests`, counted in virtual time. */

/** @typedef {import('@turnpike/router').Target} Target */
/** @typedef {import('@turnpike/router').LimitView} LimitView */

const MINUTE_MS = 60_000;
/** When a call will end nobody knows. */
const PARALLEL_WAIT_MS = 100;

/** @implements {LimitView} */
export class Limits {
  /** Deployment id → permits out, and those given in which minute. @type {Map<string, { out: number, minute: number, given: number }>} */
  #counts = new Map();

  /** @param {{ now(): number }} time */
  constructor(time) {
    this.time = time;
  }

  /** @param {Target} target */
  waitMs({ deployment }) {
    const { out, given } = this.#countsOf(deployment.id);
    if (given >= (deployment.rpm ?? Infinity)) return MINUTE_MS - (this.time.now() % MINUTE_MS);
    return out >= (deployment.maxParallelRequests ?? Infinity) ? PARALLEL_WAIT_MS : 0;
  }

  /** @param {Target} target @returns {(() => void) | undefined} gives it back; undefined: the limit is reached */
  take(target) {
    if (this.waitMs(target) > 0) return undefined;
    const counts = this.#countsOf(target.deployment.id);
    counts.out += 1;
    counts.given += 1;
    let isOut = true;
    return () => {
      if (isOut) counts.out -= 1;
      isOut = false;
    };
  }

  /** Permits that nobody gave back. */
  get out() {
    return [...this.#counts.values()].reduce((sum, { out }) => sum + out, 0);
  }

  /** @param {string} id */
  #countsOf(id) {
    const minute = Math.floor(this.time.now() / MINUTE_MS);
    let counts = this.#counts.get(id);
    if (!counts) this.#counts.set(id, (counts = { out: 0, minute, given: 0 }));
    if (counts.minute !== minute) Object.assign(counts, { minute, given: 0 });
    return counts;
  }
}
