// What the router's specs build on: settings, deployments, requests and a router over them.
import { ROUTER_DEFAULTS, type Deployment, type RouterSettings } from '@turnpike/domain';
import { GatewayError, type ErrorCode, type ErrorFacts } from '@turnpike/errors';
import type { SelectV1 } from '@turnpike/plugin-sdk';
import { aDeployment, START_OF_TIME } from '@turnpike/plugin-testkit';
import { LiveState } from '../src/live-state.js';
import { ModelIndex, type Level, type ModelIndexOptions } from '../src/model-index.js';
import type { LimitView } from '../src/obstacles.js';
import { NO_WISHES, type RoutingRequest, type RoutingWishes } from '../src/request.js';
import { Router } from '../src/router.js';
import type { Choice } from '../src/routing.js';
import type { Target, TargetFacts } from '../src/target.js';

export const NOW = START_OF_TIME;

/** Nothing but retries, and those as LiteLLM has them. */
export const someSettings = (changes: Partial<RouterSettings> = {}): RouterSettings => ({
  ...ROUTER_DEFAULTS,
  strategy: 'strategy.first',
  requestTimeoutMs: 600_000,
  ...changes,
});

/** A deployment that is called as its id says. */
export const inGroup = (modelName: string, id: string, changes: Partial<Deployment> = {}): Deployment =>
  aDeployment({ id, modelName, model: id, ...changes });

/** `{ g: ['a', 'b'] }`: groups, and the ids of their deployments. */
export const inGroups = (groups: Readonly<Record<string, readonly string[]>>): Deployment[] =>
  Object.entries(groups).flatMap(([name, ids]) => ids.map((id) => inGroup(name, id)));

export const someFacts = (changes: Partial<TargetFacts> = {}): TargetFacts => ({
  priceOf: () => undefined,
  maxInputTokensOf: () => undefined,
  isUsable: () => true,
  ...changes,
});

export const aRequest = (changes: Partial<RoutingRequest> = {}): RoutingRequest => ({
  model: 'g',
  stream: false,
  promptTokens: 10,
  certainPromptTokens: 10,
  deadlineAt: NOW + 600_000,
  wishes: NO_WISHES,
  ...changes,
});

export const wishing = (wishes: RoutingWishes, changes: Partial<RoutingRequest> = {}): RoutingRequest =>
  aRequest({ wishes, ...changes });

/** An error as a provider's failure makes it. */
export const aFailure = (code: ErrorCode = 'GW_UPSTREAM_ERROR', facts: ErrorFacts = {}): GatewayError =>
  new GatewayError(code, `${code} of a test`, { provider: 'provider.sample', ...facts });

/** Takes the first: what a spec expects is then plain to see. */
export const takesFirst: SelectV1 = { select: () => 0 };

/** Limits as a table: deployment id → milliseconds to wait. */
export const limitsOf = (waits: Record<string, number>): LimitView => ({
  waitMs: ({ deployment }) => waits[deployment.id] ?? 0,
});

export const anIndex = (deployments: readonly Deployment[], options: Partial<ModelIndexOptions> = {}): ModelIndex =>
  new ModelIndex({
    deployments,
    settings: { aliases: {}, unions: {} },
    state: new LiveState(),
    facts: someFacts(),
    ...options,
  });

export interface RouterParts {
  settings?: Partial<RouterSettings>;
  facts?: Partial<TargetFacts>;
  state?: LiveState;
  strategy?: SelectV1;
  random?: () => number;
  limits?: LimitView;
}

export interface TestRouter {
  readonly router: Router;
  readonly state: LiveState;
  readonly settings: RouterSettings;
  /** What the strategy did wrong. */
  readonly faults: unknown[];
}

export const aRouter = (deployments: readonly Deployment[], parts: RouterParts = {}): TestRouter => {
  const settings = someSettings(parts.settings);
  const state = parts.state ?? new LiveState();
  const faults: unknown[] = [];
  const router = new Router({
    index: new ModelIndex({ deployments, settings, state, facts: someFacts(parts.facts) }),
    settings,
    strategy: parts.strategy ?? takesFirst,
    random: parts.random ?? (() => 0),
    onStrategyFault: (error) => faults.push(error),
    ...(parts.limits && { limits: parts.limits }),
  });
  return { router, state, settings, faults };
};

/** The only level of the group of this name. */
export const levelOf = (index: ModelIndex, name = 'g'): Level => index.resolve(name)!.levels[0]!;

export const someTargets = (...deployments: readonly Partial<Deployment>[]): readonly Target[] =>
  levelOf(anIndex(deployments.map((changes, at) => inGroup('g', `d${at}`, changes)))).targets;

export const idOf = ({ deployment }: Target): string => deployment.id;

/** An attempt at the first target of a level. */
export const aChoice = (level: Level, changes: Partial<Choice> = {}): Choice => ({
  kind: 'attempt',
  level,
  target: level.targets[0]!,
  reason: 'strategy',
  overrides: undefined,
  retry: 0,
  fallback: 0,
  ...changes,
});
