// One deployment as a request would call it. It is the candidate that strategies see: nothing is copied for a choice.
import type { Deployment } from '@turnpike/domain';
import type { CallSample, Candidate } from '@turnpike/plugin-sdk';
import { hashOf } from './hash.js';
import type { DeploymentState } from './live-state.js';

/** What the catalogue knows of a model. */
export interface TargetFacts {
  /** Nano-dollars per million input plus output tokens. */
  priceOf(deployment: Deployment, model: string): number | undefined;
  maxInputTokensOf(deployment: Deployment, model: string): number | undefined;
  /** False: no provider instance can call it. */
  isUsable(deployment: Deployment): boolean;
}

export class Target implements Candidate {
  readonly isUsable: boolean;
  private price: number | undefined | null = null;
  private window: number | undefined | null = null;
  private idHash: number | undefined;

  constructor(
    readonly deployment: Deployment,
    /** The upstream's model name, wildcards filled in. */
    readonly model: string,
    readonly state: DeploymentState,
    private readonly facts: TargetFacts,
  ) {
    this.isUsable = facts.isUsable(deployment);
  }

  get inFlight(): number {
    return this.state.inFlight;
  }

  get requestsThisMinute(): number {
    return this.state.requestsThisMinute;
  }

  get tokensThisMinute(): number {
    return this.state.tokensThisMinute;
  }

  get samples(): readonly CallSample[] {
    return this.state.samples;
  }

  get priceNanoUsd(): number | undefined {
    if (this.price === null) this.price = this.facts.priceOf(this.deployment, this.model);
    return this.price;
  }

  get maxInputTokens(): number | undefined {
    if (this.window === null) this.window = this.facts.maxInputTokensOf(this.deployment, this.model);
    return this.window;
  }

  /** Of the deployment's id, by which conversations spread. */
  get hash(): number {
    return (this.idHash ??= hashOf(this.deployment.id));
  }
}
