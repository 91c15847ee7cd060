/** A provider as a gateway sees it: how long it takes, and when it fails. */

/** @typedef {import('@turnpike/errors').ErrorCode} ErrorCode */

/**
 * What becomes of one call.
 * @typedef {object} Fate
 * @property {number} afterMs until the answer is complete, or it failed
 * @property {number} [firstTokenMs] of a stream
 * @property {ErrorCode} [code] it fails, after its first token if there is one
 * @property {number} [retryAfterMs]
 * @property {number} outputTokens
 */

/**
 * @typedef {object} Upstream
 * @property {(elapsedMs: number) => Fate} begin
 * @property {() => void} end of what began
 */

/**
 * @typedef {object} Nature
 * @property {number} [slowness] times as long for everything; 1
 * @property {(elapsedMs: number) => boolean} [isDown]
 * @property {ErrorCode} [downCode]
 * @property {number} [downMs] until a failure shows
 * @property {number} [perMinute] requests; more get a 429 with Retry-After
 * @property {number} [parallel] calls at once; more get a 429
 */

const MINUTE_MS = 60_000;
const START_MS = 200;
const TOKEN_MS = 8;
/** With so many calls under way each takes twice as long. */
const EASY_LOAD = 40;
const REFUSAL_MS = 20;

/** @implements {Upstream} */
export class SimulatedUpstream {
  #underWay = 0;
  #minute = -1;
  #thisMinute = 0;

  /** @param {Nature} nature @param {() => number} random */
  constructor(nature, random) {
    this.nature = nature;
    this.random = random;
  }

  /** @param {number} elapsedMs @returns {Fate} */
  begin(elapsedMs) {
    this.#underWay += 1;
    const {
      slowness = 1,
      isDown,
      downCode = 'GW_UPSTREAM_UNAVAILABLE',
      downMs = 50,
      parallel = Infinity,
    } = this.nature;
    if (isDown?.(elapsedMs)) return { afterMs: downMs, code: downCode, outputTokens: 0 };
    const retryAfterMs = this.#limitedForMs(elapsedMs);
    if (retryAfterMs > 0) return { ...refused, retryAfterMs };
    if (this.#underWay > parallel) return refused;
    const outputTokens = Math.floor(20 + 400 * this.random() ** 2);
    const spread = 0.8 + 0.4 * this.random() + 0.8 * this.random() ** 4;
    const load = 1 + this.#underWay / EASY_LOAD;
    return { afterMs: (START_MS + TOKEN_MS * outputTokens) * spread * load * slowness, outputTokens };
  }

  end() {
    this.#underWay -= 1;
  }

  /** @param {number} elapsedMs */
  #limitedForMs(elapsedMs) {
    const { perMinute = Infinity } = this.nature;
    const minute = Math.floor(elapsedMs / MINUTE_MS);
    if (minute !== this.#minute) this.#thisMinute = 0;
    this.#minute = minute;
    this.#thisMinute += 1;
    // Whole seconds, rounded up, as the header has them.
    return this.#thisMinute > perMinute ? Math.ceil(((minute + 1) * MINUTE_MS - elapsedMs) / 1_000) * 1_000 : 0;
  }
}

/** @type {Fate} */
const refused = { afterMs: REFUSAL_MS, code: 'GW_UPSTREAM_RATE_LIMITED', outputTokens: 0 };
