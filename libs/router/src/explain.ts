// Where a request would go, and why: the router's view of this moment, for people.
import type { FallbackTarget } from '@turnpike/domain';
import { GatewayError, type ErrorCode } from '@turnpike/errors';
import { fallbacksFor } from './fallbacks.js';
import type { ResolvedGroup, Resolution } from './model-index.js';
import { clearsInMs, obstacleOf, type Obstacle } from './obstacles.js';
import type { RoutingRequest } from './request.js';
import type { RoutingContext } from './routing.js';
import type { Reason } from './selection.js';
import { allowedOf } from './tags.js';
import type { Target } from './target.js';

export interface ExplainedTarget {
  readonly deploymentId: string;
  readonly provider: string;
  readonly model: string;
  readonly order: number | undefined;
  readonly weight: number | undefined;
  readonly inFlight: number;
  readonly requestsThisMinute: number;
  readonly tokensThisMinute: number;
  /** Absent: it may be chosen now. */
  readonly leftOut?: { readonly reason: Obstacle | 'tags'; readonly clearsInMs?: number; readonly after?: ErrorCode };
}

export interface ExplainedGroup {
  readonly name: string;
  readonly candidates: readonly ExplainedTarget[];
  /** What would be asked first, and why; absent: nothing of this group. */
  readonly pick?: { readonly deploymentId: string; readonly reason: Reason };
}

export interface Explanation {
  readonly requested: string;
  /** In the order in which they would be tried. */
  readonly groups: readonly ExplainedGroup[];
  /** Names, in the order in which they would be tried, by what went wrong. */
  readonly fallbacks: {
    readonly general: readonly string[];
    readonly contextWindow: readonly string[];
    readonly contentPolicy: readonly string[];
  };
}

const FAULTS = {
  general: 'GW_UPSTREAM_ERROR',
  contextWindow: 'GW_CONTEXT_WINDOW_EXCEEDED',
  contentPolicy: 'GW_CONTENT_POLICY',
} as const satisfies Record<string, ErrorCode>;

export const explain = (
  context: RoutingContext,
  request: RoutingRequest,
  resolution: Resolution,
  now: number,
): Explanation => {
  const fallbacks = (code: ErrorCode): string[] =>
    fallbackOrder(context, request, resolution, new GatewayError(code, ''));
  return {
    requested: resolution.requested,
    groups: resolution.groups.map((group) => explainGroup(context, request, group, now)),
    fallbacks: {
      general: fallbacks(FAULTS.general),
      contextWindow: fallbacks(FAULTS.contextWindow),
      contentPolicy: fallbacks(FAULTS.contentPolicy),
    },
  };
};

const explainGroup = (
  { selection, checks, settings }: RoutingContext,
  request: RoutingRequest,
  group: ResolvedGroup,
  now: number,
): ExplainedGroup => {
  const tagged = allowedOf(group, request.wishes, settings);
  const candidates = group.targets.map((target): ExplainedTarget => {
    target.state.turn(now);
    const shown = shownTarget(target);
    if (!tagged.includes(target)) return { ...shown, leftOut: { reason: 'tags' } };
    const obstacle = obstacleOf(target, request, checks, now);
    if (!obstacle) return shown;
    const ms = clearsInMs(obstacle, target, request, checks, now);
    const after = obstacle === 'cooldown' ? target.state.health.why : undefined;
    return {
      ...shown,
      leftOut: { reason: obstacle, ...(Number.isFinite(ms) && { clearsInMs: Math.ceil(ms) }), ...(after && { after }) },
    };
  });
  for (const level of group.levels) {
    const ready = selection.ready(level, request, now).filter((target) => tagged.includes(target));
    const pick = selection.pick(ready, request, now);
    if (pick) {
      const { target, reason } = pick;
      return { name: group.name, candidates, pick: { deploymentId: target.deployment.id, reason } };
    }
  }
  return { name: group.name, candidates };
};

const shownTarget = (target: Target): ExplainedTarget => ({
  deploymentId: target.deployment.id,
  provider: target.deployment.provider,
  model: target.model,
  order: target.deployment.order,
  weight: target.deployment.weight,
  inFlight: target.inFlight,
  requestsThisMinute: target.requestsThisMinute,
  tokensThisMinute: target.tokensThisMinute,
});

/** Depth first, each once, as a routing goes. */
const fallbackOrder = (
  { index, settings }: RoutingContext,
  { wishes, teamId }: RoutingRequest,
  resolution: Resolution,
  error: GatewayError,
): string[] => {
  const order: string[] = [];
  const seen = new Set<string | FallbackTarget>(resolution.groups.map((group) => group.key));
  const follow = (from: Resolution): void => {
    for (const group of from.groups) {
      for (const target of fallbacksFor([from.requested, group.name], error, wishes, settings)) {
        const next = index.resolve(target.model, teamId);
        if (!next || order.length >= settings.maxFallbacks) continue;
        const isNew = target.overrides ? !seen.has(target) : next.groups.some(({ key }) => !seen.has(key));
        if (!isNew) continue;
        for (const { key } of next.groups) seen.add(key);
        seen.add(target);
        order.push(target.model);
        follow(next);
      }
    }
  };
  follow(resolution);
  return order;
};
