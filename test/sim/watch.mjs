/** Looks on while a request is routed, and notes whatever must never happen. */
import { isCooling, traitsOf } from '@turnpike/router';

/** @typedef {import('@turnpike/router').Choice} Choice */
/** @typedef {import('@turnpike/router').Routing} Routing */
/** @typedef {import('@turnpike/router').Step} Step */
/** @typedef {import('@turnpike/router').Target} Target */

export class Watch {
  /** Broken promises, in words. @type {Set<string>} */
  violations = new Set();

  /**
   * @param {import('@turnpike/router').LimitView} limits
   * @param {import('@turnpike/domain').RouterSettings} settings
   */
  constructor(limits, settings) {
    this.limits = limits;
    this.settings = settings;
  }

  /** @param {boolean} isBroken @param {string} words */
  never(isBroken, words) {
    if (isBroken) this.violations.add(words);
  }

  /** From now on whatever the routing decides, or is told, is looked at. @param {Routing} routing */
  follow(routing) {
    const follower = new Follower(this, routing.request);
    const { next, hedge, failed, denied } = routing;
    routing.next = (now) => {
      const step = next.call(routing, now);
      follower.decided(step, now);
      return step;
    };
    routing.hedge = (first, now) => {
      const second = hedge.call(routing, first, now);
      if (second) follower.hedged(first, second, now);
      return second;
    };
    routing.failed = (choice, error) => {
      follower.failed(choice, traitsOf(error));
      failed.call(routing, choice, error);
    };
    routing.denied = (choice) => {
      follower.denied();
      denied.call(routing, choice);
    };
    return follower;
  }
}

/** What one request has met on its level so far. */
export class Follower {
  /** @type {import('@turnpike/router').Level | undefined} */
  #level;
  #fallback = 0;
  #attempts = 0;
  /** @type {Target | undefined} */
  #failedLast;
  /** Not to be asked again here. @type {Set<Target>} */
  #unfit = new Set();
  #areDenied = false;

  /** @param {Watch} watch @param {import('@turnpike/router').RoutingRequest} request */
  constructor(watch, request) {
    this.watch = watch;
    this.request = request;
  }

  /** @param {Step} step @param {number} now */
  decided(step, now) {
    const { watch, request } = this;
    if (step.kind === 'wait') {
      watch.never(!(step.ms >= 0), 'a wait is no time');
      watch.never(now + step.ms >= request.deadlineAt, 'a wait reaches the deadline');
    }
    if (step.kind !== 'attempt') return;
    watch.never(now >= request.deadlineAt, 'an attempt begins after the deadline');
    watch.never(step.fallback > watch.settings.maxFallbacks, 'a request takes more fallbacks than it may');
    this.#enter(step);
    this.#chosen(step, now);
    const isAgain = step.target === this.#failedLast && this.#others(step, now);
    watch.never(isAgain, 'the one that failed last is asked again while another is well');
  }

  /** @param {Choice} first @param {Choice} second @param {number} now */
  hedged(first, second, now) {
    this.watch.never(second.target === first.target, 'a hedge asks the one that is slow');
    this.#chosen(second, now);
  }

  /** @param {Choice} choice @param {import('@turnpike/router').FailureTraits} traits */
  failed({ target }, { retry, isFree }) {
    this.#failedLast = target;
    if (retry === 'elsewhere') this.#unfit.add(target);
    if (isFree) this.#attempts -= 1;
  }

  denied() {
    this.#areDenied = true;
  }

  /** An attempt was made; not every choice comes to that. */
  asked() {
    this.#attempts += 1;
    const rounds = (this.request.wishes.numRetries ?? this.watch.settings.numRetries) + 1;
    const most = this.watch.settings.hedge ? 2 * rounds : rounds;
    this.watch.never(this.#attempts > most, 'a request makes more attempts than it may');
  }

  /** @param {Choice} choice */
  #enter({ level, fallback }) {
    if (level === this.#level && fallback === this.#fallback) return;
    this.#level = level;
    this.#fallback = fallback;
    this.#attempts = 0;
    this.#failedLast = undefined;
    this.#unfit.clear();
    this.#areDenied = false;
  }

  /** @param {Choice} choice @param {number} now */
  #chosen({ target, level }, now) {
    const { watch } = this;
    watch.never(isCooling(target.state.health, now) && !level.group.isPinned, 'one that rests is asked');
    watch.never(this.#unfit.has(target), 'one that cannot answer the request is asked again');
  }

  /** @param {Choice} choice @param {number} now */
  #others({ level, target }, now) {
    // Whoever denied it is not asked again before a wait, and is left out of this for good.
    if (this.#areDenied) return false;
    return level.targets.some((other) => other !== target && !this.#unfit.has(other) && this.#isWell(other, now));
  }

  /** @param {Target} target @param {number} now */
  #isWell(target, now) {
    const { health } = target.state;
    const isProbed = health.isProving && now < health.probeUntil;
    const waitMs = this.watch.limits.waitMs(target, this.request.promptTokens);
    return target.isUsable && !isCooling(health, now) && !isProbed && waitMs === 0;
  }
}
