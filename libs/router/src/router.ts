// Model name → the deployment to call. Pure but for its state; no I/O.
import { GatewayError } from '@turnpike/errors';
import type { Candidate, SelectV1, SelectionContext } from '@turnpike/plugin-sdk';
import type { LiveState } from './live-state.js';
import type { ModelIndex, ResolvedGroup, Resolution, Target } from './model-index.js';

export interface RouterOptions {
  index: ModelIndex;
  strategy: SelectV1;
  state: LiveState;
  /** Deployments that cannot be called now: no provider instance. */
  isUsable: (target: Target) => boolean;
  /** Nano-dollars per million input plus output tokens. */
  priceOf?: (target: Target) => number | undefined;
}

export interface Choice {
  /** The group the target was taken from. */
  readonly group: string;
  readonly target: Target;
}

export class Router {
  constructor(private readonly options: RouterOptions) {}

  /** @throws GW_UNKNOWN_MODEL */
  resolve(name: string): Resolution {
    const resolution = this.options.index.resolve(name);
    if (resolution) return resolution;
    throw new GatewayError(
      'GW_UNKNOWN_MODEL',
      `Invalid model name passed in model=${name.slice(0, 200)}. Call \`/v1/models\` to view available models for your key.`,
      {
        param: 'model',
      },
    );
  }

  /**
   * The target to call first.
   * @throws GW_NO_DEPLOYMENT_USABLE
   */
  choose(resolution: Resolution, context: SelectionContext): Choice {
    for (const group of resolution.groups) {
      const target = this.pick(group, context);
      if (target) return { group: group.name, target };
    }
    throw new GatewayError(
      'GW_NO_DEPLOYMENT_USABLE',
      `The model '${resolution.requested}' has no deployment that can be used. The start-up log and \`turnpike config check\` say why.`,
      { param: 'model' },
    );
  }

  private pick(group: ResolvedGroup, context: SelectionContext): Target | undefined {
    const { targets } = group;
    // One deployment, the usual case, needs no candidates made for it.
    if (targets.length === 1) return this.options.isUsable(targets[0]!) ? targets[0] : undefined;
    const usable = targets.filter(this.options.isUsable);
    if (usable.length <= 1) return usable[0];
    const preferred = lowestOrder(usable);
    if (preferred.length === 1) return preferred[0];
    return preferred[
      this.options.strategy.select(
        preferred.map((target) => this.candidate(target, context.now)),
        context,
      )
    ];
  }

  private candidate(target: Target, now: number): Candidate {
    const state = this.options.state.of(target.deployment);
    return {
      deployment: target.deployment,
      inFlight: state.inFlight,
      requestsThisMinute: state.requestsThisMinute(now),
      tokensThisMinute: state.tokensThisMinute(now),
      msPerOutputToken: state.msPerOutputToken,
      msToFirstToken: state.msToFirstToken,
      priceNanoUsd: this.options.priceOf?.(target),
    };
  }
}

const lowestOrder = (targets: readonly Target[]): readonly Target[] => {
  const orders = targets.map((target) => target.deployment.order ?? Number.POSITIVE_INFINITY);
  const lowest = Math.min(...orders);
  return targets.filter((_, index) => orders[index] === lowest);
};
