// The one object that travels the road of a request. Each stage fills what the next ones need.
import type { JsonObject, Usage } from '@turnpike/domain';
import type { GuardrailRun } from '@turnpike/plugin-sdk';
import type { GatewayError } from '@turnpike/errors';
import type { Permit, Reservation } from '@turnpike/limits';
import type { Resolution, Routing, RoutingWishes } from '@turnpike/router';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { ActiveGuardrail, Selection } from '../guarding/selection.js';
import type { StreamGuards } from '../guarding/stream-guards.js';
import type { Terms } from '../keys/terms.js';
import type { Front } from '../routes/front.js';
import type { RuntimeSnapshot } from '../runtime/snapshot.js';
import type { StreamAnswer, UpstreamAnswer } from '../upstream/answer.js';
import type { Abortable, Attempt } from './attempt.js';

/** Who calls: made from the key. */
export interface Principal {
  /** The master key or another admin's. */
  readonly isAdmin: boolean;
  /** SHA-256 hex of the key; empty when the data plane is open and no key was sent. */
  readonly keyHash: string;
  readonly keyAlias: string;
  readonly teamId: string;
  readonly userId: string;
  readonly teamAlias?: string;
  readonly organizationId?: string;
  /** What it may do, and how much of it. Absent: everything. */
  readonly terms?: Terms;
}

export interface ReservedBudget {
  readonly reservation: Reservation;
  /** Accounts that it is charged to beyond those of its caller. */
  readonly accounts: string[] | undefined;
}

/** How long one attempt may take. Milliseconds; 0: not asked for. */
export interface Deadlines {
  /** To the whole answer; of a stream, what the other two default to. */
  readonly attemptMs: number;
  /** To the first event of a stream. */
  readonly firstTokenMs: number;
  /** Between two pieces of a stream. */
  readonly idleMs: number;
}

/** What happens to a stream that breaks after the client has seen some of it. */
export interface Continuation {
  /** The next deployment's stream, to be sent after what was sent; undefined: there is none. */
  goOn(error: GatewayError): Promise<StreamAnswer | undefined>;
}

/** How the call ended; settle reads it. */
export interface Outcome {
  readonly status: 'success' | 'failure' | 'client_closed';
  /** HTTP status the client got, or would have got. */
  readonly statusCode: number;
  readonly usage?: Usage;
  readonly isUsageEstimated: boolean;
  readonly costNanoUsd?: number;
  readonly error?: GatewayError;
  /** Epoch-free milliseconds of `performance.now()`. */
  readonly endedAt: number;
}

/** What the route gives the road to begin with. */
export interface ExchangeInput {
  readonly front: Front;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer | undefined;
  /** A model named in the path. */
  readonly pathModel?: string;
  readonly response: ServerResponse;
  readonly snapshot: RuntimeSnapshot;
}

const NO_ATTEMPTS: readonly Attempt[] = [];

export class Exchange {
  readonly front: Front;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly pathModel: string | undefined;
  readonly response: ServerResponse;
  /** The configuration and plugins this call began with; a reload does not change them under it. */
  readonly snapshot: RuntimeSnapshot;
  /** `performance.now()` at the start. */
  readonly startedAt = performance.now();
  callId = '';
  /** The first stage let it in. */
  isReceived?: true;

  body?: JsonObject;
  /** The name the client asked for. */
  model?: string;
  isStream = false;
  deadlines?: Deadlines;
  wishes?: RoutingWishes;
  principal?: Principal;
  /** What admission reserved; given back when the outcome is known. */
  admission?: Permit;
  /** Money set aside for it, where its caller has a budget. */
  budget?: ReservedBudget;
  /** Who looks at it. */
  guardrails?: Selection;
  /** Those beside the call; it rejects when the call must not go on. */
  beside?: Promise<void>;
  /** Those after the call, where they check its stream as it comes. */
  streamGuards?: StreamGuards;
  /** Their looks, where somebody wants to be told. */
  guardrailRuns?: GuardrailRun[];
  /** The canonical request, once somebody needed it. */
  request?: unknown;
  /** A guardrail changed the request: the client's bytes are no longer what is sent. */
  isRewritten = false;
  /** Somebody must see the whole answer before the client does: it leaves the byte path, and the upstream does not stream. */
  mustReadAnswer = false;
  cache?: 'off' | 'miss' | 'hit';
  /** Of this request, where the cache is asked at all. */
  cacheKey?: string;
  /** Where this answer is to be kept, when it is. */
  cacheWrite?: { key: string; ttlMs: number };
  resolution?: Resolution;
  routing?: Routing;
  /** Goes on with a stream that broke off; absent: it ends there. */
  continuation?: Continuation;
  /** In the order in which they began. */
  attempts: readonly Attempt[] = NO_ATTEMPTS;
  /** The one that answers; until then the newest. */
  attempt?: Attempt;
  answer?: UpstreamAnswer;
  outcome?: Outcome;

  isClientGone = false;
  /** Why it must not go on, although its client waits. */
  stopped: GatewayError | undefined;
  private memories: Map<ActiveGuardrail, { kept?: unknown }> | undefined;
  private work: Abortable | undefined;
  private controller: AbortController | undefined;

  constructor(input: ExchangeInput) {
    this.front = input.front;
    this.headers = input.headers;
    this.raw = input.raw ?? Buffer.alloc(0);
    this.pathModel = input.pathModel;
    this.response = input.response;
    this.snapshot = input.snapshot;
  }

  get streamsUpstream(): boolean {
    return this.isStream && !this.mustReadAnswer;
  }

  /** Called once when the client leaves before its answer is complete. */
  clientGone(): void {
    if (this.isClientGone || this.outcome) return;
    this.isClientGone = true;
    this.controller?.abort();
    this.work?.abort();
  }

  /** Nobody wants its answer any more. */
  get isGivenUp(): boolean {
    return this.isClientGone || this.stopped !== undefined;
  }

  /** Gives up what is under way for it. */
  stop(error: GatewayError): void {
    if (this.isGivenUp || this.outcome) return;
    this.stopped = error;
    this.work?.abort();
  }

  /** What is given up when the client leaves, or the call is stopped, in place of what was before; at once if that is so. */
  whenClientGone(work: Abortable): void {
    this.work = work;
    if (this.isGivenUp) work.abort();
  }

  /** What a guardrail keeps of this call. */
  memoryOf(guardrail: ActiveGuardrail): { kept?: unknown } {
    this.memories ??= new Map();
    let memory = this.memories.get(guardrail);
    if (!memory) this.memories.set(guardrail, (memory = {}));
    return memory;
  }

  /** For plugins that want a signal. Made when first asked for: most calls never need one. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.isClientGone) this.controller.abort();
    }
    return this.controller.signal;
  }
}

type With<E extends Exchange, K extends keyof Exchange> = E & Required<Pick<Exchange, K>>;

/** The Exchange after each stage. A stage that is put in the wrong place lacks what it needs, and does not compile. */
export type Received = With<Exchange, 'isReceived'>;
export type Authenticated = With<Received, 'principal'>;
export type Read = With<Authenticated, 'body' | 'model' | 'deadlines' | 'wishes'>;
export type Admitted = With<Read, 'admission' | 'resolution'>;
export type Guarded = With<Admitted, 'guardrails'>;
export type Recalled = With<Guarded, 'cache'>;
export type Called = With<Recalled, 'answer'>;
export type Answered = With<Called, 'outcome'>;
