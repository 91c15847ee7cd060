// Model name → the deployments to ask, in order. One per configuration.
import type { RouterSettings } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { SelectV1 } from '@turnpike/plugin-sdk';
import { explain, type Explanation } from './explain.js';
import type { CooldownPolicy } from './health.js';
import type { ModelIndex, Resolution } from './model-index.js';
import type { Checks, LimitView } from './obstacles.js';
import { cooldownPolicy } from './outcome.js';
import type { RoutingRequest } from './request.js';
import { Routing, type RoutingContext } from './routing.js';
import { Selection } from './selection.js';

export interface RouterOptions {
  readonly index: ModelIndex;
  readonly settings: RouterSettings;
  readonly strategy: SelectV1;
  /** [0, 1) */
  readonly random: () => number;
  /** The strategy threw, or answered what is no choice; the router shuffled instead. */
  readonly onStrategyFault: (error: unknown) => void;
  readonly limits?: LimitView;
}

export class Router {
  readonly cooldowns: CooldownPolicy;
  private readonly context: RoutingContext;

  constructor({ index, settings, strategy, random, onStrategyFault, limits }: RouterOptions) {
    const checks: Checks = { limits, isPreCallChecked: settings.enablePreCallChecks };
    const selection = new Selection({ ...checks, strategy, random, onStrategyFault });
    this.context = { index, settings, selection, checks, random };
    this.cooldowns = cooldownPolicy(settings);
  }

  /** @throws GW_UNKNOWN_MODEL */
  resolve(name: string, teamId?: string): Resolution {
    const resolution = this.context.index.resolve(name, teamId);
    if (resolution) return resolution;
    throw new GatewayError(
      'GW_UNKNOWN_MODEL',
      `Invalid model name passed in model=${name.slice(0, 200)}. Call \`/v1/models\` to view available models for your key.`,
      { param: 'model' },
    );
  }

  route(request: RoutingRequest, resolution: Resolution): Routing {
    return new Routing(this.context, request, resolution);
  }

  /**
   * Whether the estimate leaves open if the prompt fits some deployment, so that counting is worth its time.
   *
   * @param atMost prompt tokens that it cannot have more than
   */
  isCountNeeded(resolution: Resolution, atMost: number): boolean {
    if (!this.context.checks.isPreCallChecked) return false;
    return resolution.groups.some(({ targets }) =>
      targets.some(({ maxInputTokens: window }) => window !== undefined && window < atMost),
    );
  }

  /** Where a request would go now, and why. Calls nobody. */
  explain(request: RoutingRequest, resolution: Resolution, now: number): Explanation {
    return explain(this.context, request, resolution, now);
  }
}
