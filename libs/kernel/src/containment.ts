// Keeps a plugin's faults from its callers: every hook has a deadline, and one that keeps failing rests for a while.
import { GatewayError } from '@turnpike/errors';
import type { Clock } from '@turnpike/plugin-sdk';

export interface HookEvent {
  plugin: string;
  hook: string;
  /** `aborted`: the caller went away, which is nobody's fault. */
  outcome: 'ok' | 'error' | 'timeout' | 'skipped' | 'aborted';
  ms: number;
  error?: unknown;
}

export interface ContainmentOptions {
  plugin: string;
  clock: Clock;
  /** Told of every run, for metrics and logs. Must not throw. */
  onEvent: (event: HookEvent) => void;
  /** Failures in a row that switch the plugin off; Infinity: it never is. */
  maxFailures?: number;
  /** How long it stays off before one run is tried. */
  restMs?: number;
  /**
   * For plugins that calls wait for: one run that took too long switches it off at once, and it rests for this long, then
   * twice as long whenever the run that is tried fails as well, up to `restMs`. Absent: a late run counts like any other
   * that failed, and every rest is `restMs`.
   */
  firstRestMs?: number;
}

const MAX_FAILURES = 5;
const REST_MS = 60_000;

/** Why a hook that had to wait for somebody else did not end: as far as it can tell, nobody is there. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
  readonly isUnreachable = true;
}

export class Containment {
  private failures = 0;
  /** In a row. */
  private rests = 0;
  private restUntil = 0;
  private isProbing = false;
  private spare: AbortController | undefined;

  constructor(private readonly options: ContainmentOptions) {}

  /** Off: it failed too often in a row and its rest is not over. */
  get isResting(): boolean {
    return this.restUntil > this.options.clock.now() || (this.restUntil > 0 && this.isProbing);
  }

  /**
   * Runs a hook under a deadline. The signal given to it aborts when the deadline passes or `outer` aborts.
   * @throws GW_PLUGIN_HOOK when it throws, takes too long, or the plugin is resting; what to do about that is the
   *   caller's decision (a guardrail stops the call, a cache counts as a miss)
   */
  async run<T>(
    hook: string,
    deadlineMs: number,
    body: (signal: AbortSignal) => T | Promise<T>,
    outer?: AbortSignal,
  ): Promise<T> {
    if (this.isResting) {
      this.report(hook, 'skipped', 0);
      throw this.failure(hook, 'is switched off for a while after repeated failures');
    }
    const startedAt = performance.now();
    const deadline = new AbortController();
    const signal = outer ? AbortSignal.any([deadline.signal, outer]) : deadline.signal;
    // What it throws at once is a failure like any later one.
    const given = new Promise<T>((resolve) => resolve(body(signal)));
    return this.wait(hook, deadlineMs, given, deadline, startedAt, outer);
  }

  private async wait<T>(
    hook: string,
    deadlineMs: number,
    given: Promise<T>,
    deadline: AbortController,
    startedAt: number,
    outer?: AbortSignal,
  ): Promise<T> {
    this.isProbing = this.restUntil > 0;
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const what = `took longer than ${deadlineMs} ms`;
          const error = this.failure(hook, what, new DeadlinePassed(what));
          deadline.abort(error);
          reject(error);
        }, deadlineMs);
      });
      const value = await Promise.race([given, late]);
      this.succeeded();
      this.report(hook, 'ok', performance.now() - startedAt);
      return value;
    } catch (error) {
      // Clients that leave, perhaps on purpose, must not switch a plugin off for everybody.
      const isAborted = outer?.aborted === true && !deadline.signal.aborted;
      if (isAborted) this.isProbing = false;
      else this.failed(deadline.signal.aborted);
      const outcome = isAborted ? 'aborted' : deadline.signal.aborted ? 'timeout' : 'error';
      this.report(hook, outcome, performance.now() - startedAt, isAborted ? undefined : error);
      throw deadline.signal.aborted ? error : this.failure(hook, 'failed', error);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * As `run`, for hooks whose answer may be at hand: what the hook gives at once is given back at once. Such a hook has no
   * caller's signal.
   * @throws as `run`, at once or by the promise
   */
  ask<T>(hook: string, deadlineMs: number, body: (signal: AbortSignal) => T | Promise<T>): T | Promise<T> {
    if (this.isResting) {
      this.report(hook, 'skipped', 0);
      throw this.failure(hook, 'is switched off for a while after repeated failures');
    }
    const startedAt = performance.now();
    // One that nobody has waited with is as good as new.
    const deadline = (this.spare ??= new AbortController());
    let given: T | Promise<T>;
    try {
      given = body(deadline.signal);
    } catch (error) {
      this.failed(false);
      this.report(hook, 'error', performance.now() - startedAt, error);
      throw this.failure(hook, 'failed', error);
    }
    if (given instanceof Promise) {
      this.spare = undefined;
      return this.wait(hook, deadlineMs, given, deadline, startedAt);
    }
    this.succeeded();
    this.report(hook, 'ok', performance.now() - startedAt);
    return given;
  }

  /**
   * Counts a hook that was run elsewhere, because it waits for nothing.
   * @returns the error to go on with when it failed
   */
  ran(hook: string, ms: number): undefined;
  ran(hook: string, ms: number, error: unknown): GatewayError;
  ran(hook: string, ms: number, ...failure: [] | [unknown]): GatewayError | undefined {
    if (failure.length === 0) {
      this.succeeded();
      this.report(hook, 'ok', ms);
      return undefined;
    }
    this.failed(false);
    this.report(hook, 'error', ms, failure[0]);
    return this.failure(hook, 'failed', failure[0]);
  }

  private succeeded(): void {
    this.failures = 0;
    this.rests = 0;
    this.restUntil = 0;
    this.isProbing = false;
  }

  private failed(isLate: boolean): void {
    const { clock, maxFailures = MAX_FAILURES, restMs = REST_MS, firstRestMs } = this.options;
    const now = clock.now();
    this.isProbing = false;
    // Those that were under way together failed together, and count as one.
    if (firstRestMs !== undefined && this.restUntil > now) return;
    this.failures += 1;
    if (firstRestMs === undefined) {
      if (this.failures >= maxFailures) this.restUntil = now + restMs;
      return;
    }
    if (!isLate && this.failures < maxFailures && this.rests === 0) return;
    this.restUntil = now + Math.min(firstRestMs * 2 ** this.rests, restMs);
    this.rests += 1;
  }

  private report(hook: string, outcome: HookEvent['outcome'], ms: number, error?: unknown): void {
    this.options.onEvent({ plugin: this.options.plugin, hook, outcome, ms, error });
  }

  private failure(hook: string, what: string, cause?: unknown): GatewayError {
    return new GatewayError('GW_PLUGIN_HOOK', `Plugin ${this.options.plugin} ${what} (${hook}).`, {
      provider: this.options.plugin,
      cause,
    });
  }
}
