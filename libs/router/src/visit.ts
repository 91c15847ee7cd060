// What a request does on one level: it asks, asks elsewhere when that failed, and waits before it asks the same again.
import type { GatewayError } from '@turnpike/errors';
import { traitsOf, type FailureTraits } from './failure-traits.js';
import { specialFor } from './fallbacks.js';
import { afterChoice } from './health.js';
import type { Stop } from './itinerary.js';
import type { RoutingRequest } from './request.js';
import { backoffMs, policyRetries, retriesFor } from './retries.js';
import type { Choice, Pause, RoutingContext } from './routing.js';
import type { Target } from './target.js';

interface Failure {
  readonly target: Target;
  readonly error: GatewayError;
  readonly traits: FailureTraits;
  /** Going on here is out of the question. */
  readonly isFinal: boolean;
}

const NO_TARGETS: readonly Target[] = [];

export class Visit {
  retries = 0;
  /** They may be asked again, after a wait. */
  private failed: readonly Target[] = NO_TARGETS;
  /** They cannot answer this request. */
  private barred: readonly Target[] = NO_TARGETS;
  /** Their limits are reached; they may have room after a wait. */
  private denied: readonly Target[] = NO_TARGETS;
  private waits = 0;
  private hasWaited = false;
  private last: Failure | undefined;

  constructor(
    private readonly context: RoutingContext,
    private readonly request: RoutingRequest,
    readonly stop: Stop,
  ) {}

  /** Undefined: this level has nothing more to give. */
  next(now: number): Choice | Pause | undefined {
    const { last } = this;
    if (last?.isFinal) return undefined;
    const ready = this.ready(now);
    if (ready.length === 0) return undefined;
    const fresh = this.fresh(ready);
    if (!last || fresh.length > 0) return this.choose(fresh, now);
    const others = ready.filter((target) => target !== last.target);
    const isSame = others.length === 0;
    // Rather the next level now than this one later.
    if (!this.hasWaited && this.isReadyBelow(now)) return undefined;
    // Its Retry-After is its own; another one need not be waited for as long.
    if (!this.hasWaited) return this.pause(isSame ? last.error.facts.retryAfterMs : undefined, now);
    return this.choose(isSame ? ready : others, now);
  }

  /** Another target, to race the one that is slow. */
  hedge(first: Choice, now: number): Choice | undefined {
    const others = this.fresh(this.ready(now)).filter((target) => target !== first.target);
    const pick = this.context.selection.pick(others, this.request, now);
    if (!pick) return undefined;
    takeProbe(pick.target, now);
    return { ...first, target: pick.target, reason: 'hedge' };
  }

  fail({ target }: Choice, error: GatewayError): void {
    const traits = traitsOf(error);
    const retry = this.mayRepeat(traits, error) ? 'anywhere' : traits.retry;
    this.last = { target, error, traits, isFinal: retry === 'nowhere' || !this.hasRetryLeft(target, traits) };
    if (retry === 'elsewhere') this.barred = [...this.barred, target];
    else this.failed = [...this.failed, target];
    this.hasWaited = false;
  }

  deny({ target }: Choice): void {
    this.denied = [...this.denied, target];
    this.countRetry(-1);
  }

  /** It is the request that was refused, and would be on the other levels of the group. */
  get isRefused(): boolean {
    return this.last?.traits.retry === 'nowhere';
  }

  private choose(ready: readonly Target[], now: number): Choice | undefined {
    const pick = this.context.selection.pick(ready, this.request, now);
    if (!pick) return undefined;
    takeProbe(pick.target, now);
    this.countRetry(1);
    const { level, overrides, fallback } = this.stop;
    return {
      kind: 'attempt',
      level,
      target: pick.target,
      reason: pick.reason,
      overrides,
      retry: this.retries,
      fallback,
    };
  }

  private pause(retryAfterMs: number | undefined, now: number): Pause | undefined {
    const { settings, random } = this.context;
    const ms = backoffMs(this.waits, retryAfterMs, settings.retryAfterMs, random);
    if (ms === undefined || now + ms >= this.request.deadlineAt) return undefined;
    this.waits += 1;
    this.hasWaited = true;
    this.denied = NO_TARGETS;
    return { kind: 'wait', ms };
  }

  private ready(now: number): readonly Target[] {
    const ready = this.context.selection.ready(this.stop.level, this.request, now);
    const { barred, denied } = this;
    if (barred.length === 0 && denied.length === 0) return ready;
    return ready.filter((target) => !barred.includes(target) && !denied.includes(target));
  }

  private isReadyBelow(now: number): boolean {
    return this.stop.below.some((level) => this.context.selection.ready(level, this.request, now).length > 0);
  }

  private fresh(ready: readonly Target[]): readonly Target[] {
    return this.failed.length === 0 ? ready : ready.filter((target) => !this.failed.includes(target));
  }

  /** Going on after a failure is a retry, unless nobody was asked. */
  private countRetry(by: 1 | -1): void {
    if (this.last && !this.last.traits.isFree) this.retries += by;
  }

  private hasRetryLeft(target: Target, failure: FailureTraits): boolean {
    if (failure.isFree) return true;
    const group = this.stop.level.group.name;
    return this.retries < retriesFor({ wishes: this.request.wishes, group, target, failure }, this.context.settings);
  }

  /** A policy may say that even a refused request is sent again. */
  private mayRepeat(failure: FailureTraits, error: GatewayError): boolean {
    const { settings } = this.context;
    const { names, level } = this.stop;
    if (failure.retry !== 'nowhere' || (policyRetries(level.group.name, failure, settings) ?? 0) === 0) return false;
    return specialFor(names, error, this.request.wishes, settings) === undefined;
  }
}

/** One that has cooled down and not answered since gets one request at a time. */
const takeProbe = ({ state }: Target, now: number): void =>
  state.changeHealth(afterChoice(state.health, now, state.turnMs));
