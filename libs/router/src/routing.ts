// The way of one request through its deployments: a state machine without I/O. It says what to do next, and is told
// how that went.
import type { JsonObject, RouterSettings } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { busyError } from './busy.js';
import { traitsOf } from './failure-traits.js';
import { Itinerary } from './itinerary.js';
import type { Level, ModelIndex, ResolvedGroup, Resolution } from './model-index.js';
import type { Checks } from './obstacles.js';
import type { RoutingRequest } from './request.js';
import type { Reason, Selection } from './selection.js';
import type { Target } from './target.js';
import { Visit } from './visit.js';

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

export class Routing {
  private itinerary: Itinerary;
  private visit: Visit | undefined;
  private retriesBefore = 0;
  /** Of the group that is being asked. */
  private groupError: GatewayError | undefined;
  private lastError: GatewayError | undefined;
  private busy: GatewayError | undefined;
  private isOver = false;

  constructor(
    private readonly context: RoutingContext,
    readonly request: RoutingRequest,
    private readonly resolution: Resolution,
  ) {
    this.itinerary = new Itinerary(context, request, resolution);
  }

  /** In all groups. */
  get retries(): number {
    return this.retriesBefore + (this.visit?.retries ?? 0);
  }

  get fallbacks(): number {
    return this.itinerary.fallbacks;
  }

  next(now: number): Step {
    while (!this.isOver) {
      if (now >= this.request.deadlineAt) {
        this.lastError ??= new GatewayError('GW_TIMEOUT', `No answer of '${this.request.model}' came in time.`);
        break;
      }
      const visit = (this.visit ??= this.arrive());
      if (!visit) break;
      const step = visit.next(now);
      if (step) return step;
      this.leave(visit, now);
    }
    this.isOver = true;
    const error = this.lastError ?? this.busy ?? this.nothingLeft();
    return { kind: 'over', error, isBusy: error === this.busy && error.code === 'GW_NO_DEPLOYMENT_READY' };
  }

  /** The attempt failed before the client saw anything of it. */
  failed(choice: Choice, error: GatewayError): void {
    this.lastError = error;
    this.groupError = error;
    if (traitsOf(error).fallsBack) this.visit?.fail(choice, error);
    else this.isOver = true;
  }

  /** Its limit was reached after all: this was no attempt. */
  denied(choice: Choice): void {
    this.visit?.deny(choice);
  }

  /** Another target of the same level, to race the one that is slow. */
  hedge(first: Choice, now: number): Choice | undefined {
    return this.visit?.hedge(first, now);
  }

  /** From the beginning, for a request that waited until somebody may be ready. */
  restart(): void {
    this.itinerary = new Itinerary(this.context, this.request, this.resolution);
    this.visit = undefined;
    this.busy = undefined;
    this.isOver = false;
  }

  private arrive(): Visit | undefined {
    const stop = this.itinerary.next();
    return stop && new Visit(this.context, this.request, stop);
  }

  private leave({ stop, retries, isRefused }: Visit, now: number): void {
    this.visit = undefined;
    this.retriesBefore += retries;
    if (isRefused) this.itinerary.skipGroup(stop);
    else if (stop.below.length > 0) return;
    this.itinerary.leaveGroup(stop, this.groupError ?? this.noteBusy(stop.level.group, now));
    this.groupError = undefined;
  }

  /** The one with the shortest wait is what the client is told. */
  private noteBusy(group: ResolvedGroup, now: number): GatewayError {
    const error = busyError(group, this.request, this.context.checks, now);
    if (!this.busy || (error.facts.retryAfterMs ?? Infinity) < (this.busy.facts.retryAfterMs ?? Infinity))
      this.busy = error;
    return error;
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
