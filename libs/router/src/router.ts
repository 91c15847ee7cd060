// Model name → the deployment to call. Pure but for its state; no I/O.
import { GatewayError } from '@turnpike/errors';
import type { Candidate, SelectV1, SelectionContext } from '@turnpike/plugin-sdk';
import type { LiveState } from './live-state.js';
import type { ModelIndex, Resolution, Target } from './model-index.js';

/** Limits of requests and tokens begin anew with each minute. */
const MINUTE_MS = 60_000;

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
   * @throws GW_NO_DEPLOYMENT_READY when those that could be called are all at their limits, GW_NO_DEPLOYMENT_USABLE
   */
  choose(resolution: Resolution, context: SelectionContext): Choice {
    let isAtLimit = false;
    for (const group of resolution.groups) {
      const usable = group.targets.filter(this.options.isUsable);
      const target = this.pick(usable, context);
      if (target) return { group: group.name, target };
      isAtLimit ||= usable.length > 0;
    }
    if (isAtLimit) {
      throw new GatewayError(
        'GW_NO_DEPLOYMENT_READY',
        `Every deployment of the model '${resolution.requested}' is at its limit. Wait as long as Retry-After says.`,
        { param: 'model', retryAfterMs: MINUTE_MS - (context.now % MINUTE_MS) },
      );
    }
    throw new GatewayError(
      'GW_NO_DEPLOYMENT_USABLE',
      `The model '${resolution.requested}' has no deployment that can be used. The start-up log and \`turnpike config check\` say why.`,
      { param: 'model' },
    );
  }

  /** Undefined: there is none, or the strategy takes none. */
  private pick(usable: readonly Target[], context: SelectionContext): Target | undefined {
    // One deployment, the usual case, needs no candidates made for it.
    if (usable.length <= 1) return usable[0];
    for (const targets of byOrder(usable)) {
      const picked = targets.length === 1 ? targets[0] : this.ask(targets, context);
      if (picked) return picked;
    }
    return undefined;
  }

  private ask(targets: readonly Target[], context: SelectionContext): Target | undefined {
    const candidates = targets.map((target) => this.candidate(target, context.now));
    return targets[this.options.strategy.select(candidates, context)];
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

/** Those of the lowest order first; those without one come last. */
const byOrder = (targets: readonly Target[]): (readonly Target[])[] => {
  const byNumber = new Map<number, Target[]>();
  for (const target of targets) {
    const order = target.deployment.order ?? Number.POSITIVE_INFINITY;
    const same = byNumber.get(order);
    if (same) same.push(target);
    else byNumber.set(order, [target]);
  }
  return [...byNumber].sort(([left], [right]) => left - right).map(([, same]) => same);
};
