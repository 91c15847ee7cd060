// What is known of each deployment right now: what this worker saw, and what the others told.
import type { Deployment } from '@turnpike/domain';
import type { CallSample } from '@turnpike/plugin-sdk';
import { afterNews, HEALTHY, newsOf, withFails, type Health, type HealthNews } from './health.js';

const MINUTE_MS = 60_000;
/** Samples kept a deployment. */
const MAX_SAMPLES = 50;
/** Samples told to the others at a time: enough to follow a trend, few enough to be small. */
const MAX_TOLD = 5;

/** What one worker did with a deployment, as sums; plain JSON. */
export interface Tally {
  inFlight: number;
  /** Epoch minute that the next four are of. */
  minute: number;
  requests: number;
  tokens: number;
  ended: number;
  failed: number;
}

/** What one worker tells the others of a deployment; plain JSON. */
export interface DeploymentReport extends Tally {
  id: string;
  samples: readonly CallSample[];
  /** Failures counted against `allowed_fails` since the last report, and how long they count. */
  fails: number;
  failsForMs: number;
  /** Present when a cooldown or a probe began or ended here. */
  health?: HealthNews;
}

const NOTHING: Readonly<Tally> = { inFlight: 0, minute: 0, requests: 0, tokens: 0, ended: 0, failed: 0 };

/** How a call ended, as its deployment sees it. */
export interface CallFacts {
  readonly durationMs: number;
  /** Streams only. */
  readonly firstTokenMs?: number;
  /** Prompt and answer. */
  readonly tokens: number;
  readonly outputTokens: number;
  readonly isFailure: boolean;
}

export class DeploymentState {
  readonly samples: CallSample[] = [];
  health: Health = HEALTHY;
  private readonly own: Tally = { ...NOTHING };
  /** The sums of all others; `tallies` has them one by one. */
  private readonly others: Tally = { ...NOTHING };
  private readonly tallies = new Map<string, Tally>();
  private untold: CallSample[] = [];
  private untoldFails = 0;
  private untoldFailsMs = 0;
  private isHealthUntold = false;

  constructor(
    readonly id: string,
    private readonly touched: (state: DeploymentState) => void,
    /** How long this worker leaves it to others to try it after a cooldown. */
    readonly turnMs = 0,
  ) {}

  get inFlight(): number {
    return this.own.inFlight + this.others.inFlight;
  }

  get requestsThisMinute(): number {
    return this.own.requests + this.others.requests;
  }

  get tokensThisMinute(): number {
    return this.own.tokens + this.others.tokens;
  }

  get endedThisMinute(): number {
    return this.own.ended + this.others.ended;
  }

  get failedThisMinute(): number {
    return this.own.failed + this.others.failed;
  }

  began(now: number): void {
    this.turn(now);
    this.own.inFlight += 1;
    this.own.requests += 1;
    this.touched(this);
  }

  /** The call is over and says nothing about the deployment: its client left. */
  left(now: number, tokens: number): void {
    this.turn(now);
    this.own.inFlight -= 1;
    this.own.tokens += tokens;
    this.touched(this);
  }

  ended(now: number, facts: CallFacts): void {
    this.left(now, facts.tokens);
    this.own.ended += 1;
    if (facts.isFailure) this.own.failed += 1;
    const sample: CallSample = {
      at: now,
      durationMs: facts.durationMs,
      firstTokenMs: facts.firstTokenMs,
      outputTokens: facts.outputTokens,
      isFailure: facts.isFailure,
    };
    this.keep(sample);
    this.untold.push(sample);
    if (this.untold.length > MAX_TOLD) this.untold.shift();
  }

  /** A cooldown, a probe or a recovery. */
  changeHealth(health: Health): void {
    if (health === this.health) return;
    this.health = health;
    this.isHealthUntold = true;
    this.touched(this);
  }

  /** One more failure that counts against `allowed_fails`, for so many milliseconds. */
  countFailure(health: Health, forMs: number): void {
    if (health === this.health) return;
    this.health = health;
    this.untoldFails += 1;
    this.untoldFailsMs = Math.max(this.untoldFailsMs, forMs);
    this.touched(this);
  }

  /** The next report says how it is, changed or not. */
  tellHealth(): void {
    this.isHealthUntold ||= this.health !== HEALTHY;
  }

  /** Counts of a past minute are nothing. */
  turn(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute === this.own.minute) return;
    beginMinute(this.own, minute);
    beginMinute(this.others, minute);
    for (const tally of this.tallies.values()) beginMinute(tally, minute);
  }

  report(now: number): DeploymentReport {
    this.turn(now);
    const report: DeploymentReport = {
      id: this.id,
      ...this.own,
      samples: this.untold,
      fails: this.untoldFails,
      failsForMs: this.untoldFailsMs,
    };
    if (this.isHealthUntold) report.health = newsOf(this.health, now);
    this.isHealthUntold = false;
    this.untold = [];
    this.untoldFails = 0;
    this.untoldFailsMs = 0;
    return report;
  }

  /** @param from names the worker; what it told before is replaced */
  learn(from: string, report: DeploymentReport, now: number): void {
    this.turn(now);
    const { samples, fails, failsForMs, health } = report;
    const isNow = report.minute === this.own.minute;
    this.replace(from, {
      inFlight: report.inFlight,
      minute: this.own.minute,
      requests: isNow ? report.requests : 0,
      tokens: isNow ? report.tokens : 0,
      ended: isNow ? report.ended : 0,
      failed: isNow ? report.failed : 0,
    });
    for (const sample of samples) this.keep({ ...sample, at: Math.min(sample.at, now) });
    if (fails > 0) this.health = withFails(this.health, fails, failsForMs, now);
    if (health) this.health = afterNews(this.health, health, now);
  }

  /** That worker is gone, and its calls with it. */
  forget(from: string): void {
    const tally = this.tallies.get(from);
    if (!tally) return;
    // What it did this minute has been done.
    this.others.inFlight -= tally.inFlight;
    this.tallies.delete(from);
  }

  get isIdle(): boolean {
    return this.own.inFlight === 0;
  }

  private replace(from: string, tally: Tally): void {
    const former = this.tallies.get(from) ?? NOTHING;
    const { others } = this;
    others.inFlight += tally.inFlight - former.inFlight;
    others.requests += tally.requests - former.requests;
    others.tokens += tally.tokens - former.tokens;
    others.ended += tally.ended - former.ended;
    others.failed += tally.failed - former.failed;
    this.tallies.set(from, tally);
  }

  private keep(sample: CallSample): void {
    if (this.samples.length >= MAX_SAMPLES) this.samples.shift();
    this.samples.push(sample);
  }
}

const beginMinute = (tally: Tally, minute: number): void => {
  tally.minute = minute;
  tally.requests = 0;
  tally.tokens = 0;
  tally.ended = 0;
  tally.failed = 0;
};

export interface LiveStateOptions {
  /** There are others to tell. */
  readonly isShared?: boolean;
  /**
   * How long this worker leaves a deployment that has cooled down to those before it, in milliseconds. Longer than news
   * take, so that one probe goes out and not one from each.
   */
  readonly turnMs?: number;
}

/** By deployment id; survives a reload of the configuration for deployments that stay. */
export class LiveState {
  private readonly byId = new Map<string, DeploymentState>();
  private readonly changed = new Set<DeploymentState>();

  private readonly isShared: boolean;
  private readonly turnMs: number;

  constructor({ isShared = false, turnMs = 0 }: LiveStateOptions = {}) {
    this.isShared = isShared;
    this.turnMs = turnMs;
  }

  of(deployment: Pick<Deployment, 'id'>): DeploymentState {
    let state = this.byId.get(deployment.id);
    if (!state) this.byId.set(deployment.id, (state = new DeploymentState(deployment.id, this.touched, this.turnMs)));
    return state;
  }

  /** What changed since the last time. Empty: nothing. */
  reports(now: number): DeploymentReport[] {
    const reports = [...this.changed].map((state) => state.report(now));
    this.changed.clear();
    return reports;
  }

  /** Somebody new is there: all that is known is worth telling. */
  tellAll(): void {
    for (const state of this.byId.values()) {
      state.tellHealth();
      this.touched(state);
    }
  }

  /** What another worker told. Deployments that it alone has are not ours. */
  learn(from: string, reports: readonly DeploymentReport[], now: number): void {
    for (const report of reports) this.byId.get(report.id)?.learn(from, report, now);
  }

  forget(from: string): void {
    for (const state of this.byId.values()) state.forget(from);
  }

  /** Forgets deployments that are gone and idle. */
  keepOnly(deployments: readonly Deployment[]): void {
    const kept = new Set(deployments.map((deployment) => deployment.id));
    for (const [id, state] of this.byId) if (!kept.has(id) && state.isIdle) this.byId.delete(id);
  }

  private readonly touched = (state: DeploymentState): void => {
    if (this.isShared) this.changed.add(state);
  };
}
