/** What came of many requests. */

/** @typedef {import('./world.mjs').End} End */

/**
 * @typedef {object} Figures
 * @property {number} answered share of the requests
 * @property {number} p50Ms of those that were answered
 * @property {number} p99Ms
 * @property {number} attempts a request
 * @property {Record<string, number>} shares of the attempts, by deployment id
 * @property {Record<string, number>} errors requests that ended so, by code
 */

export class Tally {
  requests = 0;
  #attempts = 0;
  /** @type {number[]} */
  #tookMs = [];
  /** @type {Record<string, number>} */
  #errors = {};

  /** @param {End} end */
  add({ code, tookMs, attempts }) {
    this.requests += 1;
    this.#attempts += attempts;
    if (code === undefined) this.#tookMs.push(tookMs);
    else this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  /** @param {Record<string, number>} attempts by deployment id @returns {Figures} */
  figures(attempts) {
    const sorted = Float64Array.from(this.#tookMs).sort();
    const at = (/** @type {number} */ share) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    const total = Object.values(attempts).reduce((sum, count) => sum + count, 0);
    return {
      answered: sorted.length / this.requests,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      attempts: this.#attempts / this.requests,
      shares: Object.fromEntries(
        Object.entries(attempts)
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([id, count]) => [id, count / total]),
      ),
      errors: this.#errors,
    };
  }
}
