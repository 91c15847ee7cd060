// The way of one request through its deployments: a state machine without I/O. It says what to do next, and is told
// how that went.
import type { FallbackTarget, JsonObject, RouterSettings } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { busyError } from './busy.js';
import { traitsOf, type FailureTraits } from './failure-traits.js';
import { fallbacksFor, specialFor } from './fallbacks.js';
import { afterChoice } from './health.js';
import { groupOf, type Level, type ModelIndex, type ResolvedGroup, type Resolution } from './model-index.js';
import type { Checks } from './obstacles.js';
import type { RoutingRequest } from './request.js';
import { backoffMs, policyRetries, retriesFor } from './retries.js';
import type { Reason, Selection } from './selection.js';
import { byTags } from './tags.js';
import type { Target } from './target.js';

/** Ask this target. */
export interface Choice {
  readonly kind: 'attempt';
  readonly level: Level;
  readonly target: Target;
  readonly reason: Reason | 'hedge';
  /** Request fields that the fallback's entry replaces. */
  readonly overrides: JsonObject | undefined;
  /** Retries within the group so far. */
  readonly retry: number;
  /** 0: what was asked for; then the number of the fallback. */
  readonly fallback: number;
}

/** Ask again after a while. */
export interface Pause {
  readonly kind: 'wait';
  readonly ms: number;
}

/** Nothing more can be done. */
export interface Over {
  readonly kind: 'over';
  readonly error: GatewayError;
  /** Nobody was asked because nobody was ready; a queue may wait for that. */
  readonly isBusy: boolean;
}

export type Step = Choice | Pause | Over;

/** What all requests of one configuration share. */
export interface RoutingContext {
  readonly index: ModelIndex;
  readonly settings: RouterSettings;
  readonly selection: Selection;
  readonly checks: Checks;
  readonly random: () => number;
}

interface Failure {
  readonly target: Target;
  readonly error: GatewayError;
  /** Going on within the level is out of the question. */
  readonly isFinal: boolean;
  readonly isFree: boolean;
}

const NO_TARGETS: readonly Target[] = [];

export class Routing {
  retries = 0;
  fallbacks = 0;
  private levels: readonly Level[];
  private position = 0;
  private level: Level | undefined;
  private overrides: JsonObject | undefined;
  /** The names of the current resolution: the one asked for, or the fallback's. */
  private name: string;
  /** Fallbacks of the groups of the current resolution, then those that were not reached before. */
  private found: readonly FallbackTarget[] = [];
  private later: readonly FallbackTarget[] = [];
  /** Keys of groups, and entries that change the request. */
  private visited: Set<string | FallbackTarget> | undefined;

  private retriesHere = 0;
  /** They may be asked again, after a wait. */
  private failedHere: readonly Target[] = NO_TARGETS;
  /** They cannot answer this request. */
  private barredHere: readonly Target[] = NO_TARGETS;
  /** Their limits are reached; they may have room after a wait. */
  private deniedHere: readonly Target[] = NO_TARGETS;
  private rounds = 0;
  private hasWaited = false;
  /** Of this level. */
  private last: Failure | undefined;
  private groupError: GatewayError | undefined;
  private lastError: GatewayError | undefined;
  private busy: GatewayError | undefined;
  private isOver = false;

  constructor(
    private readonly context: RoutingContext,
    readonly request: RoutingRequest,
    private readonly resolution: Resolution,
  ) {
    this.name = resolution.requested;
    this.levels = this.levelsOf(resolution);
  }

  next(now: number): Step {
    while (!this.isOver) {
      if (now >= this.request.deadlineAt) {
        this.lastError ??= new GatewayError('GW_TIMEOUT', `No answer of '${this.request.model}' came in time.`);
        break;
      }
      const level = (this.level ??= this.enterNext());
      if (!level) break;
      const step = this.stepIn(level, now);
      if (step) return step;
      this.leave(level, now);
    }
    this.isOver = true;
    const error = this.lastError ?? this.busy ?? this.nothingLeft();
    return { kind: 'over', error, isBusy: error === this.busy && error.code === 'GW_NO_DEPLOYMENT_READY' };
  }

  /** The attempt failed before the client saw anything of it. */
  failed({ target }: Choice, error: GatewayError): void {
    const failure = traitsOf(error);
    this.lastError = error;
    if (!failure.fallsBack) {
      this.isOver = true;
      return;
    }
    const { level } = this;
    if (!level) return;
    const { group } = level;
    const retry = this.mayRepeat(group, failure, error) ? 'anywhere' : failure.retry;
    this.last = {
      target,
      error,
      isFinal: retry === 'nowhere' || !this.hasRetryLeft(group, target, failure),
      isFree: failure.isFree,
    };
    this.groupError = error;
    if (retry === 'elsewhere') this.barredHere = [...this.barredHere, target];
    else this.failedHere = [...this.failedHere, target];
    this.hasWaited = false;
  }

  /** Its limit was reached after all: this was no attempt. */
  denied({ target }: Choice): void {
    this.deniedHere = [...this.deniedHere, target];
    this.countRetry(-1);
  }

  /** Another target of the same level, to race the one that is slow. */
  hedge({ level, overrides, retry, fallback, target }: Choice, now: number): Choice | undefined {
    const ready = this.fresh(this.readyIn(level, now)).filter((other) => other !== target);
    const pick = this.context.selection.pick(ready, this.request, now);
    if (!pick) return undefined;
    this.chosen(pick.target, now);
    return { kind: 'attempt', level, target: pick.target, reason: 'hedge', overrides, retry, fallback };
  }

  /** From the beginning, for a request that waited until somebody may be ready. */
  restart(): void {
    this.name = this.resolution.requested;
    this.levels = this.levelsOf(this.resolution);
    this.position = 0;
    this.level = undefined;
    this.overrides = undefined;
    this.found = [];
    this.later = [];
    this.visited = undefined;
    this.fallbacks = 0;
    this.busy = undefined;
    this.isOver = false;
  }

  /** Undefined: this level has nothing more to give. */
  private stepIn(level: Level, now: number): Choice | Pause | undefined {
    const { last } = this;
    if (last?.isFinal) return undefined;
    const ready = this.readyIn(level, now);
    if (ready.length === 0) return undefined;
    if (!last) return this.choose(level, ready, now);
    const fresh = this.fresh(ready);
    if (fresh.length > 0) return this.choose(level, fresh, now);
    const others = ready.filter((target) => target !== last.target);
    const isSame = others.length === 0;
    // Its Retry-After is its own; another one need not be waited for as long.
    // Rather the next level now than this one later.
    if (!this.hasWaited && this.isReadyBelow(level, now)) return undefined;
    if (!this.hasWaited) return this.pause(isSame ? last.error.facts.retryAfterMs : undefined, now);
    return this.choose(level, isSame ? ready : others, now);
  }

  /** A later level of the group can be asked at once. */
  private isReadyBelow({ group }: Level, now: number): boolean {
    for (let at = this.position; this.levels[at]?.group === group; at += 1)
      if (this.context.selection.ready(this.levels[at]!, this.request, now).length > 0) return true;
    return false;
  }

  private fresh(ready: readonly Target[]): readonly Target[] {
    return this.failedHere.length === 0 ? ready : ready.filter((target) => !this.failedHere.includes(target));
  }

  private choose(level: Level, ready: readonly Target[], now: number): Choice | undefined {
    const pick = this.context.selection.pick(ready, this.request, now);
    if (!pick) return undefined;
    this.chosen(pick.target, now);
    this.countRetry(1);
    return {
      kind: 'attempt',
      level,
      target: pick.target,
      reason: pick.reason,
      overrides: this.overrides,
      retry: this.retriesHere,
      fallback: this.fallbacks,
    };
  }

  private chosen({ state }: Target, now: number): void {
    state.changeHealth(afterChoice(state.health, now));
  }

  /** Going on after a failure is a retry, unless nobody was asked. */
  private countRetry(by: 1 | -1): void {
    if (!this.last || this.last.isFree) return;
    this.retries += by;
    this.retriesHere += by;
  }

  private hasRetryLeft({ name: group }: ResolvedGroup, target: Target, failure: FailureTraits): boolean {
    const { settings } = this.context;
    return (
      failure.isFree || this.retriesHere < retriesFor({ wishes: this.request.wishes, group, target, failure }, settings)
    );
  }

  private pause(retryAfterMs: number | undefined, now: number): Pause | undefined {
    const { settings, random } = this.context;
    const ms = backoffMs(this.rounds, retryAfterMs, settings.retryAfterMs, random);
    if (ms === undefined || now + ms >= this.request.deadlineAt) return undefined;
    this.rounds += 1;
    this.hasWaited = true;
    this.deniedHere = NO_TARGETS;
    return { kind: 'wait', ms };
  }

  private readyIn(level: Level, now: number): readonly Target[] {
    const ready = this.context.selection.ready(level, this.request, now);
    const { barredHere, deniedHere } = this;
    return barredHere.length === 0 && deniedHere.length === 0
      ? ready
      : ready.filter((target) => !barredHere.includes(target) && !deniedHere.includes(target));
  }

  /** A policy may say that even a refused request is sent again. */
  private mayRepeat(group: ResolvedGroup, failure: FailureTraits, error: GatewayError): boolean {
    const { settings } = this.context;
    if (failure.retry !== 'nowhere' || (policyRetries(group.name, failure, settings) ?? 0) === 0) return false;
    return specialFor([this.name, group.name], error, this.request.wishes, settings) === undefined;
  }

  /** The next level of this resolution, else the first of the next fallback's. */
  private enterNext(): Level | undefined {
    const next = this.levels[this.position];
    if (next) {
      this.position += 1;
      return next;
    }
    this.later = [...this.found, ...this.later];
    this.found = [];
    const { index, settings } = this.context;
    while (this.later.length > 0 && this.fallbacks < settings.maxFallbacks) {
      const [target, ...rest] = this.later as [FallbackTarget, ...FallbackTarget[]];
      this.later = rest;
      const resolution = index.resolve(target.model, this.request.teamId);
      const levels = resolution && this.levelsOf(resolution).filter((level) => this.isNew(level, target));
      const first = levels?.[0];
      if (!first) continue;
      this.fallbacks += 1;
      this.visit(target);
      this.name = target.model;
      this.overrides = target.overrides;
      this.levels = levels;
      this.position = 1;
      return first;
    }
    return undefined;
  }

  /** A group is tried once with the request as it came, and once with each entry that changes it. */
  private isNew({ group }: Level, target: FallbackTarget): boolean {
    return !this.visited?.has(target.overrides ? target : group.key);
  }

  private visit(one: string | FallbackTarget): void {
    (this.visited ??= new Set()).add(one);
  }

  private leave(level: Level, now: number): void {
    const { last } = this;
    const { group } = level;
    this.visit(group.key);
    this.level = undefined;
    this.last = undefined;
    this.failedHere = NO_TARGETS;
    this.barredHere = NO_TARGETS;
    this.deniedHere = NO_TARGETS;
    this.retriesHere = 0;
    this.rounds = 0;
    this.hasWaited = false;
    // What is wrong with the request is wrong for all of the group.
    if (last && traitsOf(last.error).retry === 'nowhere') this.skip(group);
    if (this.levels[this.position]?.group === group) return;
    const error = this.groupError ?? this.noteBusy(group, now);
    this.groupError = undefined;
    const found = fallbacksFor([this.name, group.name], error, this.request.wishes, this.context.settings);
    if (found.length > 0) this.found = [...this.found, ...found];
  }

  private skip(group: ResolvedGroup): void {
    while (this.levels[this.position]?.group === group) this.position += 1;
  }

  /** The one with the shortest wait is what the client is told. */
  private noteBusy(group: ResolvedGroup, now: number): GatewayError {
    const error = busyError(group, this.request, this.context.checks, now);
    if (!this.busy || (error.facts.retryAfterMs ?? Infinity) < (this.busy.facts.retryAfterMs ?? Infinity))
      this.busy = error;
    return error;
  }

  private levelsOf(resolution: Resolution): readonly Level[] {
    const { enableTagFiltering, tagFilteringMatchAny } = this.context.settings;
    if (!enableTagFiltering) return resolution.levels;
    return resolution.groups.flatMap((group) => {
      if (group.isPinned) return group.levels;
      const targets = byTags(group.targets, this.request.wishes, tagFilteringMatchAny);
      return targets.length === group.targets.length ? group.levels : groupOf(group.name, group.key, targets).levels;
    });
  }

  /** Only tags leave a resolution without levels. */
  private nothingLeft(): GatewayError {
    const tags = (this.request.wishes.tags ?? []).join(', ').slice(0, 200);
    return new GatewayError(
      'GW_INVALID_REQUEST',
      `The model '${this.request.model}' has no deployment for the tags: ${tags || 'none given'}.`,
      { param: 'tags' },
    );
  }
}
