/** One request of a client on its way through the router, in virtual time: what a gateway does, without its I/O. */
import { GatewayError, isGatewayError } from '@turnpike/errors';
import { hedgeAfterMs, outcome } from '@turnpike/router';

/** @typedef {import('@turnpike/router').Choice} Choice */
/** @typedef {import('./upstream.mjs').Fate} Fate */

/**
 * @typedef {object} Attempt
 * @property {Choice} choice
 * @property {number} beganAt
 * @property {Fate} fate
 * @property {boolean} isOver
 * @property {() => void} cancel
 */

/** @typedef {import('@turnpike/router').Driver<Choice>} Driver */

/** @implements {Driver} */
export class ClientCall {
  /** @type {import('./waiting-room.mjs').Place} */
  place;
  attempts = 0;
  /** @type {Map<Choice, () => void>} */
  #permits = new Map();
  /** @type {Map<Choice, Attempt>} */
  #made = new Map();

  /**
   * @param {import('./world.mjs').World} world
   * @param {import('@turnpike/router').RoutingRequest} request
   * @param {string} caller
   * @param {import('./watch.mjs').Follower} follower
   */
  constructor(world, request, caller, follower) {
    this.world = world;
    this.request = request;
    this.follower = follower;
    this.place = { caller, priority: request.wishes.priority ?? 0 };
  }

  now() {
    return this.world.time.now();
  }

  /** @param {number} ms @param {() => void} run */
  after(ms, run) {
    return this.world.time.after(ms, run);
  }

  /** @param {Choice} choice @returns {boolean | Promise<boolean>} */
  admit(choice) {
    const { limits, time, plan } = this.world;
    const take = () => {
      const giveBack = limits.take(choice.target);
      if (giveBack) this.#permits.set(choice, giveBack);
      return giveBack !== undefined;
    };
    const ms = plan.admissionMs?.() ?? 0;
    return ms === 0 ? take() : new Promise((resolve) => void time.after(ms, () => resolve(take())));
  }

  /** @param {Choice} choice @returns {Promise<Choice>} */
  attempt(choice) {
    const { world, request } = this;
    const { target } = choice;
    const now = this.now();
    const { id } = target.deployment;
    this.follower.asked();
    this.attempts += 1;
    world.attempts[id] = (world.attempts[id] ?? 0) + 1;
    target.state.began(now);
    const fate = world.upstreamOf(id).begin(world.time.elapsed);
    /** @type {Attempt} */
    const attempt = { choice, beganAt: now, fate, isOver: false, cancel: () => undefined };
    this.#made.set(choice, attempt);
    this.leave();
    const mostMs = Math.min(world.plan.attemptTimeoutMs ?? Infinity, Math.max(1, request.deadlineAt - now));
    return new Promise((resolve, reject) => this.#await(attempt, mostMs, resolve, reject));
  }

  /** @param {Choice} choice */
  abandon(choice) {
    const attempt = this.#made.get(choice);
    if (attempt?.isOver) return;
    if (attempt) {
      outcome.abandoned(choice, this.request.promptTokens, this.now());
      this.#end(attempt);
    } else this.#giveBack(choice);
  }

  /** @param {unknown} thrown */
  toError(thrown) {
    if (isGatewayError(thrown)) return thrown;
    throw thrown;
  }

  /** @param {import('@turnpike/router').Over} over @returns {Promise<boolean> | false} */
  wait({ error }) {
    const { deadlineAt, model } = this.request;
    if (this.world.plan.queueSize === 0) return false;
    return this.world.room.wait(model, this.place, error.facts.retryAfterMs ?? 0, deadlineAt - this.now());
  }

  /** @param {Choice} choice */
  hedgeAfterMs(choice) {
    return hedgeAfterMs(this.world.plan.settings.hedge, choice, this.request.stream);
  }

  /** Whether attempts other than this one are under way. @param {Choice | undefined} winner */
  isBusyBut(winner) {
    return [...this.#made.values()].some(({ choice, isOver }) => choice !== winner && !isOver);
  }

  /** It is over. If it was let in and found nobody, the next one looks. */
  leave() {
    if (!this.place.ticket) return;
    delete this.place.ticket;
    this.world.room.letIn(this.request.model);
  }

  /**
   * @param {Attempt} attempt
   * @param {number} mostMs
   * @param {(choice: Choice) => void} resolve
   * @param {(error: GatewayError) => void} reject
   */
  #await(attempt, mostMs, resolve, reject) {
    const { choice, fate } = attempt;
    const { afterMs, firstTokenMs = afterMs } = fate;
    const fail = (/** @type {GatewayError} */ error) => {
      this.#failed(attempt, error);
      reject(error);
    };
    const answered = () => {
      outcome.answered(choice, this.now());
      resolve(choice);
    };
    const ended = () => {
      if (fate.code) return fail(errorOf(fate, choice));
      answered();
      outcome.succeeded(choice, this.#factsOf(attempt), this.now());
      this.#end(attempt);
    };
    const next = (/** @type {number} */ ms, /** @type {() => void} */ run) => {
      attempt.cancel = this.after(ms, run);
    };
    if (Math.min(firstTokenMs, afterMs) > mostMs) {
      next(mostMs, () => fail(new GatewayError('GW_TIMEOUT', 'It took too long.')));
    } else if (firstTokenMs < afterMs) {
      next(firstTokenMs, () => {
        answered();
        next(afterMs - firstTokenMs, ended);
      });
    } else next(afterMs, ended);
  }

  /** @param {Attempt} attempt @param {GatewayError} error */
  #failed(attempt, error) {
    const { cooldowns } = this.world.router;
    outcome.failed(attempt.choice, error, { ...this.#factsOf(attempt), outputTokens: 0 }, cooldowns, this.now());
    this.#end(attempt);
  }

  /** @param {Attempt} attempt */
  #factsOf({ beganAt, fate }) {
    const { firstTokenMs, outputTokens } = fate;
    const tokens = this.request.promptTokens + outputTokens;
    return { durationMs: this.now() - beganAt, firstTokenMs, tokens, outputTokens };
  }

  /** @param {Attempt} attempt */
  #end(attempt) {
    attempt.isOver = true;
    attempt.cancel();
    const { choice } = attempt;
    this.world.upstreamOf(choice.target.deployment.id).end();
    this.#giveBack(choice);
  }

  /** @param {Choice} choice */
  #giveBack(choice) {
    this.#permits.get(choice)?.();
    this.world.room.letIn(this.request.model);
  }
}

/** @param {Fate} fate @param {Choice} choice */
const errorOf = ({ code = 'GW_INTERNAL', retryAfterMs }, { target: { deployment } }) =>
  new GatewayError(code, `${deployment.id} failed.`, { provider: deployment.provider, retryAfterMs });
