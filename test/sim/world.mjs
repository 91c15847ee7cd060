/** A gateway, its clients and its providers, in virtual time. */
import { drive, LiveState, ModelIndex, Router } from '@turnpike/router';
import { ClientCall } from './client-call.mjs';
import { Limits } from './limits.mjs';
import { VirtualTime } from './virtual-time.mjs';
import { WaitingRoom } from './waiting-room.mjs';
import { Watch } from './watch.mjs';

/** @typedef {import('@turnpike/domain').Deployment} Deployment */
/** @typedef {import('@turnpike/domain').RouterSettings} RouterSettings */
/** @typedef {import('./upstream.mjs').Upstream} Upstream */

/**
 * @typedef {object} Arrival
 * @property {number} afterMs since the one before
 * @property {string} model
 * @property {number} deadlineMs
 * @property {boolean} [stream]
 * @property {number} [promptTokens]
 * @property {string} [caller]
 * @property {import('@turnpike/router').RoutingWishes} [wishes]
 */

/**
 * @typedef {object} Plan
 * @property {readonly Deployment[]} deployments
 * @property {RouterSettings} settings
 * @property {import('@turnpike/plugin-sdk').SelectV1} strategy
 * @property {Readonly<Record<string, Upstream>>} upstreams by deployment id
 * @property {() => number} random the router's
 * @property {Iterable<Arrival>} arrivals
 * @property {number} queueSize
 * @property {number} [attemptTimeoutMs]
 * @property {() => number} [admissionMs] how long limits take to answer; 0: at once
 * @property {readonly { afterMs: number, byMs: number }[]} [clockSteps] somebody sets the clock
 * @property {(deployment: Deployment) => number | undefined} [priceOf]
 */

/**
 * How a request ended.
 * @typedef {object} End
 * @property {string | undefined} deploymentId who answered
 * @property {string | undefined} code of the error
 * @property {number} tookMs
 * @property {number} attempts
 * @property {number} deadlineMs it had
 */

export class World {
  time = new VirtualTime();
  limits = new Limits(this.time);
  state = new LiveState();
  /** What the strategy did wrong. @type {unknown[]} */
  faults = [];
  started = 0;
  /** Attempts by deployment id. @type {Record<string, number>} */
  attempts = {};

  /** @param {Plan} plan @param {(end: End) => void} ended once for each request */
  constructor(plan, ended) {
    const { deployments, settings, strategy, random, priceOf = () => undefined } = plan;
    this.plan = plan;
    this.ended = ended;
    this.room = new WaitingRoom(this.time, plan.queueSize);
    this.watch = new Watch(this.limits, settings);
    const facts = { priceOf, maxInputTokensOf: () => undefined, isUsable: () => true };
    this.router = new Router({
      index: new ModelIndex({ deployments, settings, state: this.state, facts }),
      settings,
      strategy,
      random,
      limits: this.limits,
      onStrategyFault: (error) => this.faults.push(error),
    });
  }

  /** Until the last request is over and nothing is under way. */
  async run() {
    const { arrivals, clockSteps = [] } = this.plan;
    for (const { afterMs, byMs } of clockSteps) this.time.after(afterMs, () => this.time.setClock(byMs));
    this.#letCome(arrivals[Symbol.iterator]());
    await this.time.run();
  }

  /** What is still held when everything is over: all 0, or something was lost. */
  get left() {
    const inFlight = this.plan.deployments.map((deployment) => this.state.of(deployment).inFlight);
    return { inFlight: Math.max(0, ...inFlight.map(Math.abs)), permits: this.limits.out, queued: this.room.queue.size };
  }

  /** @param {string} id @returns {Upstream} */
  upstreamOf(id) {
    const upstream = this.plan.upstreams[id];
    if (!upstream) throw new Error(`nobody plays the deployment ${id}`);
    return upstream;
  }

  /** @param {Iterator<Arrival>} arrivals */
  #letCome(arrivals) {
    const { value: arrival, done } = arrivals.next();
    if (done) return;
    this.time.after(arrival.afterMs, () => {
      this.#letCome(arrivals);
      void this.#serve(arrival);
    });
  }

  /** @param {Arrival} arrival */
  async #serve({ model, deadlineMs, stream = false, promptTokens = 100, caller = 'anybody', wishes = {} }) {
    const { time, router, watch } = this;
    const beganAt = time.elapsed;
    const deadlineAt = time.now() + deadlineMs;
    const request = { model, stream, promptTokens, certainPromptTokens: 0, deadlineAt, wishes };
    const routing = router.route(request, router.resolve(model));
    const call = new ClientCall(this, request, caller, watch.follow(routing));
    this.started += 1;
    /** @type {string | undefined} */
    let deploymentId;
    /** @type {string | undefined} */
    let code;
    try {
      const winner = await drive(routing, call);
      deploymentId = winner.target.deployment.id;
      watch.never(call.isBusyBut(winner), 'somebody still works for a request that was answered');
    } catch (error) {
      code = call.toError(error).code;
      watch.never(call.isBusyBut(undefined), 'somebody still works for a request that failed');
    }
    call.leave();
    this.ended({ deploymentId, code, tookMs: time.elapsed - beganAt, attempts: call.attempts, deadlineMs });
  }
}
