// The one object that travels the road of a request. Each stage fills what the next ones need.
import type { AllowedRoutes, JsonObject, Usage } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import type { Permit, Reservation } from '@turnpike/limits';
import type { GuardrailRun, Question } from '@turnpike/plugin-sdk';
import type { Resolution, Routing, RoutingWishes } from '@turnpike/router';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Flight } from '../cache/flights.js';
import type { ListParts } from '../cache/list-parts.js';
import type { Audience } from '../callbacks/callbacks.js';
import type { Bounds, BoundSet } from '../keys/bounds.js';
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
  /** SHA-256 hex of the key; of a token a digest of whom it is for; empty when the data plane is open and no key was sent. */
  readonly keyHash: string;
  /** It came with a token of another issuer: there is no key. */
  readonly isToken?: boolean;
  readonly keyAlias: string;
  readonly teamId: string;
  readonly userId: string;
  readonly userEmail?: string;
  readonly teamAlias?: string;
  readonly organizationId?: string;
  /** The end user that the caller's own token names. */
  readonly customer?: string;
  /** Routes that it may call, where its token says so. */
  readonly routes?: AllowedRoutes;
  /** Of a token that names several teams: all of them, this one first. The first that may call the model is meant. */
  readonly alternatives?: readonly Principal[];
  /** What it may do, and how much of it. Absent: everything. */
  readonly terms?: Terms;
}

/** How long one attempt may take. Milliseconds; 0: not asked for. */
export interface Deadlines {
  /** To the whole answer; of a stream, what the other two default to. */
  readonly attemptMs: number;
  /** To the first event of a stream. */
  readonly firstTokenMs: number;
  /** Between two pieces of a stream. */
  readonly idleMs: number;
  /** To a connection; the HTTP client's own holds besides. */
  readonly connectMs: number;
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
  /** Of a call that the gateway makes itself; absent: whom the key in the headers belongs to. */
  readonly principal?: Principal;
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
  /** The end user that it names. */
  customer?: string;
  /** Who of ours it is for, where that is not the key's user. */
  internalUser?: string;
  /** Its own, its key's and its team's. */
  tags?: readonly string[];
  /** What bounds its end user and its tags. */
  parties?: readonly Bounds[];
  /** The end user's, for where the model that was asked for is not in the region that it must be in. */
  regionalDefault?: string;
  /** All that bounds it, of its model. */
  bounds?: BoundSet;
  /** What admission reserved; given back when the outcome is known. */
  admission?: Permit;
  /** Money set aside for it, where its caller has a budget. */
  budget?: Reservation;
  /** Who looks at it. */
  guardrails?: Selection;
  /** Those beside the call; it rejects when the call must not go on. */
  beside?: Promise<void>;
  /** Those after the call, where they check its stream as it comes. */
  streamGuards?: StreamGuards;
  /** Milliseconds that guardrails took before and after the call. */
  guardedMs = 0;
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
  /** Its words, where a cache knows questions that mean the same. */
  question?: Question;
  /** Of its question to the one whose answer it got, -1 … 1. */
  similarity?: number;
  /** Where this answer is to be kept, when it is. */
  cacheWrite?: { key: string; ttlMs: number };
  /** Of an answer that is a list: which of its entries are kept, and which are asked for. */
  parts?: ListParts;
  /** Others wait for this call's answer, or may come to. */
  flight?: Flight;
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
  /** Who is told of it, once somebody asked. */
  audience?: Audience;

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
    this.principal = input.principal;
  }

  /** Where it comes from; undefined: the connection is gone, or the proxies before us say nothing sound. */
  get clientAddress(): string | undefined {
    return this.snapshot.addresses.of(this.response.req.socket, this.headers);
  }

  get streamsUpstream(): boolean {
    return this.isStream && !this.mustReadAnswer;
  }

  /** It must not go on, or its client has left and nobody else waits for the answer. */
  get isDeserted(): boolean {
    return this.stopped !== undefined || (this.isClientGone && !this.flight?.isFollowed);
  }

  /** Called once when the client leaves before its answer is complete. */
  clientGone(): void {
    if (this.isClientGone || this.outcome) return;
    this.isClientGone = true;
    if (this.flight?.isFollowed) this.flight.leaderLeft();
    else this.giveUp();
  }

  /** Equal requests may follow this one. They keep it going when its client leaves. */
  leads(flight: Flight): void {
    this.flight = flight;
    flight.onDeserted = () => {
      if (this.isClientGone && !this.outcome) this.giveUp();
    };
  }

  /** Gives up what is under way for it, also for those who follow it: they ask for themselves. */
  stop(error: GatewayError): void {
    if (this.isDeserted || this.outcome) return;
    this.stopped = error;
    this.flight?.over();
    this.work?.abort();
  }

  private giveUp(): void {
    this.flight?.over();
    this.controller?.abort();
    this.work?.abort();
  }

  /** What is given up when nobody wants the answer any more, in place of what was before; at once if that is so. */
  whenDeserted(work: Abortable): void {
    this.work = work;
    if (this.isDeserted) work.abort();
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
      if (this.isDeserted) this.controller.abort();
    }
    return this.controller.signal;
  }
}

type With<E extends Exchange, K extends keyof Exchange> = E & Required<Pick<Exchange, K>>;

/** The Exchange after each stage. A stage that is put in the wrong place lacks what it needs, and does not compile. */
export type Received = With<Exchange, 'isReceived'>;
export type Authenticated = With<Received, 'principal'>;
export type Read = With<Authenticated, 'body' | 'model' | 'deadlines' | 'wishes'>;
export type Attributed = With<Read, 'parties'>;
export type Admitted = With<Attributed, 'admission' | 'resolution' | 'bounds'>;
export type Guarded = With<Admitted, 'guardrails'>;
export type Recalled = With<Guarded, 'cache'>;
export type Called = With<Recalled, 'answer'>;
export type Answered = With<Called, 'outcome'>;
