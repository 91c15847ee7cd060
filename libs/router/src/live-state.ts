// What is known of each deployment right now. Strategies see it; nothing else decides by it.
import type { Deployment } from '@turnpike/domain';

/** Weight of the newest sample in the moving averages. */
const SMOOTHING = 0.2;
const MINUTE_MS = 60_000;

export class DeploymentState {
  inFlight = 0;
  msPerOutputToken: number | undefined;
  msToFirstToken: number | undefined;
  private minute = 0;
  private requests = 0;
  private tokens = 0;

  began(now: number): void {
    this.turn(now);
    this.inFlight += 1;
    this.requests += 1;
  }

  /** A call ended, well or badly. Unknown figures are left out. */
  ended(
    now: number,
    facts: { tokens?: number; outputTokens?: number; durationMs?: number; firstTokenMs?: number },
  ): void {
    this.turn(now);
    this.inFlight -= 1;
    this.tokens += facts.tokens ?? 0;
    if (facts.durationMs !== undefined && facts.outputTokens) {
      this.msPerOutputToken = average(this.msPerOutputToken, facts.durationMs / facts.outputTokens);
    }
    if (facts.firstTokenMs !== undefined) this.msToFirstToken = average(this.msToFirstToken, facts.firstTokenMs);
  }

  requestsThisMinute(now: number): number {
    this.turn(now);
    return this.requests;
  }

  tokensThisMinute(now: number): number {
    this.turn(now);
    return this.tokens;
  }

  private turn(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute === this.minute) return;
    this.minute = minute;
    this.requests = 0;
    this.tokens = 0;
  }
}

const average = (former: number | undefined, sample: number): number =>
  former === undefined ? sample : former + SMOOTHING * (sample - former);

/** By deployment id; survives a reload of the configuration for deployments that stay. */
export class LiveState {
  private readonly byId = new Map<string, DeploymentState>();

  of(deployment: Deployment): DeploymentState {
    let state = this.byId.get(deployment.id);
    if (!state) this.byId.set(deployment.id, (state = new DeploymentState()));
    return state;
  }

  /** Forgets deployments that are gone and idle. */
  keepOnly(deployments: readonly Deployment[]): void {
    const kept = new Set(deployments.map((deployment) => deployment.id));
    for (const [id, state] of this.byId) if (!kept.has(id) && state.inFlight === 0) this.byId.delete(id);
  }
}
