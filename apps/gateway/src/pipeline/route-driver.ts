// The routing of one call, carried out: its attempts, waits and hedges.
import { GatewayError } from '@turnpike/errors';
import { isDenial, type Denial, type Permit } from '@turnpike/limits';
import {
  drive,
  hedgeAfterMs,
  outcome,
  type Choice,
  type Driver,
  type Over,
  type Routing,
  type RoutingRequest,
} from '@turnpike/router';
import { deploymentAlert } from '../callbacks/deployment-alert.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Place, WaitingRoom } from '../runtime/waiting-room.js';
import type { StreamAnswer } from '../upstream/answer.js';
import { estimateTokens } from '../upstream/estimate-usage.js';
import { Recording } from '../upstream/recording.js';
import { Transcript } from '../upstream/transcript.js';
import { Attempt, type Abortable } from './attempt.js';
import { countUsage, endAttempt } from './end-attempt.js';
import type { Called, Continuation, Recalled } from './exchange.js';
import type { CallStage } from './route.js';

interface Timer {
  readonly handle: NodeJS.Timeout;
  readonly run: () => void;
}

export class RouteDriver implements Driver<Attempt>, Abortable, Continuation {
  private readonly request: RoutingRequest;
  private readonly routing: Routing;
  private readonly promptTokens: number;
  private permits: Map<Choice, Permit> | undefined;
  private timers: Set<Timer> | undefined;
  /** What a stream had said when it broke. */
  private broken: Transcript | undefined;
  /** In the queue. */
  private place: Place | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly exchange: Recalled,
    private readonly call: CallStage,
    /** Prompt tokens, where they had to be counted. */
    counted?: number,
  ) {
    const { snapshot, model, isStream, wishes, raw, principal } = exchange;
    this.promptTokens = counted ?? estimateTokens(raw.length);
    this.request = {
      model,
      teamId: principal.teamId,
      stream: isStream,
      promptTokens: this.promptTokens,
      certainPromptTokens: counted ?? 0,
      deadlineAt: runtime.clock.now() + snapshot.config.router.requestTimeoutMs,
      wishes,
    };
    this.routing = snapshot.router.route(this.request, exchange.resolution);
    exchange.routing = this.routing;
  }

  async run(): Promise<Called> {
    const { exchange } = this;
    exchange.whenDeserted(this);
    const { waitingRoom } = exchange.snapshot;
    if (waitingRoom?.isQueued(exchange.model)) await this.queueUp(waitingRoom, undefined);
    const winner = await drive(this.routing, this);
    exchange.attempt = winner;
    exchange.answer = winner.answer;
    if (winner.transcript) exchange.continuation = this;
    return exchange as Called;
  }

  async goOn(error: GatewayError): Promise<StreamAnswer | undefined> {
    const { exchange, runtime, routing } = this;
    const { attempt } = exchange;
    if (!attempt?.transcript?.mayContinue || exchange.isDeserted) return undefined;
    endAttempt(runtime, attempt, 'failure', error);
    routing.failed(attempt.choice, error);
    this.broken = attempt.transcript;
    exchange.whenDeserted(this);
    try {
      const next = await drive(routing, this);
      exchange.attempt = next;
      return next.answer?.kind === 'stream' ? next.answer : undefined;
    } catch {
      // The client is told of the first failure: that is what broke its answer.
      exchange.attempt = attempt;
      return undefined;
    }
  }

  now(): number {
    return this.runtime.clock.now();
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = {
      run,
      handle: setTimeout(() => {
        this.timers?.delete(timer);
        run();
      }, ms),
    };
    (this.timers ??= new Set()).add(timer);
    return () => {
      clearTimeout(timer.handle);
      this.timers?.delete(timer);
    };
  }

  admit(choice: Choice): boolean | Promise<boolean> {
    const { exchange, promptTokens } = this;
    const { limits, guardrails } = exchange.snapshot;
    const { id } = choice.target.deployment;
    if (!guardrails.mayAnswer(exchange, id)) return false;
    const taken = limits.takeAt(id, promptTokens);
    if (taken === undefined) return true;
    return taken instanceof Promise ? taken.then((permit) => this.keep(choice, permit)) : this.keep(choice, taken);
  }

  async attempt(choice: Choice): Promise<Attempt> {
    const { runtime, exchange } = this;
    if (this.place) this.letInNext(this.place);
    this.refuseIfGone(choice);
    const attempt = new Attempt(exchange, choice, this.permits?.get(choice), this.transcript(), this.recording());
    choice.target.state.began(runtime.clock.now());
    // Most calls have one; an array that grows makes room for many.
    exchange.attempts = exchange.attempts.length === 0 ? [attempt] : [...exchange.attempts, attempt];
    exchange.attempt = attempt;
    exchange.snapshot.callbacks.attemptBegins(attempt);
    try {
      attempt.answer = await this.call.run(attempt);
      const { health } = choice.target.state;
      outcome.answered(choice, runtime.clock.now());
      const alert = deploymentAlert(choice.target, health);
      if (alert) exchange.snapshot.callbacks.alert(alert);
      return attempt;
    } catch (thrown) {
      const error = runtime.toError(thrown, exchange);
      if (exchange.isDeserted) this.abandon(choice);
      else endAttempt(runtime, attempt, 'failure', error);
      throw error;
    }
  }

  /** Another one was quicker, or the client left. The provider was asked all the same: what it may charge for is counted. */
  abandon(choice: Choice): void {
    const attempt = this.exchange.attempts.find((one) => one.choice === choice);
    if (!attempt) this.permits?.get(choice)?.release(0);
    if (attempt?.status !== 'open') return;
    const told = attempt.answer?.usage;
    const inputTokens = this.promptTokens;
    countUsage(
      this.runtime,
      attempt,
      told ?? { inputTokens, outputTokens: 0, totalTokens: inputTokens },
      told === undefined,
    );
    endAttempt(this.runtime, attempt, 'abandoned');
    attempt.abort();
  }

  toError(thrown: unknown): GatewayError {
    return this.runtime.toError(thrown, this.exchange);
  }

  /** What nobody can take for another reason than that all are busy is not waited for. */
  wait({ error }: Over): Promise<boolean> | false {
    const { waitingRoom } = this.exchange.snapshot;
    const { retryAfterMs } = error.facts;
    return waitingRoom !== undefined && retryAfterMs !== undefined && this.queueUp(waitingRoom, retryAfterMs);
  }

  hedgeAfterMs(choice: Choice): number | undefined {
    const { hedge } = this.exchange.snapshot.config.router;
    return hedge && hedgeAfterMs(hedge, choice, this.exchange.isStream);
  }

  /** The client left: whoever waits goes on at once, and finds that out. */
  abort(): void {
    const timers = [...(this.timers ?? [])];
    this.timers?.clear();
    if (this.place) this.exchange.snapshot.waitingRoom?.leave(this.place);
    for (const { handle } of timers) clearTimeout(handle);
    for (const { run } of timers) run();
    for (const attempt of this.exchange.attempts) if (attempt.status === 'open') attempt.abort();
  }

  private transcript(): Transcript | undefined {
    const { snapshot, streamsUpstream, front } = this.exchange;
    if (!snapshot.config.router.midStreamFailover || !streamsUpstream || !front.goOnWith) return undefined;
    return new Transcript(this.broken);
  }

  private recording(): Recording | undefined {
    const { exchange } = this;
    if (!exchange.isStream) return undefined;
    const { callbacks, config } = exchange.snapshot;
    const listener = callbacks.chunkListener(exchange);
    const isKept = exchange.cacheWrite !== undefined || callbacks.keepsAnswer(exchange) || config.logging.storesPrompts;
    return isKept || listener ? new Recording(isKept, listener) : undefined;
  }

  private queueUp(room: WaitingRoom, retryAfterMs: number | undefined): Promise<boolean> {
    const { model, principal, wishes, isDeserted } = this.exchange;
    if (isDeserted) return Promise.resolve(false);
    const isBack = this.place !== undefined;
    this.place ??= room.enter(model, principal.keyHash, wishes.priority ?? 0, retryAfterMs);
    return room.wait(this.place, isBack);
  }

  /** Where one got through, the next may too. */
  private letInNext({ ticket }: Place): void {
    this.place = undefined;
    this.exchange.snapshot.waitingRoom?.letInTo(ticket.key);
  }

  /** Nobody is asked for an answer that nobody wants. @throws GW_CLIENT_CLOSED */
  private refuseIfGone(choice: Choice): void {
    if (!this.exchange.isDeserted) return;
    this.permits?.get(choice)?.release(0);
    throw new GatewayError('GW_CLIENT_CLOSED', 'Nobody waits for the answer any more.');
  }

  private keep(choice: Choice, permit: Permit | Denial): boolean {
    if (isDenial(permit)) return false;
    (this.permits ??= new Map()).set(choice, permit);
    return true;
  }
}
