// Why a target cannot be chosen now.
import type { RoutingRequest } from './request.js';
import { isCooling, isProbed, readyInMs } from './health.js';
import type { Target } from './target.js';

/**
 * `off`: no provider instance can call it. `context-window`, `region`: not for this request. `cooldown`: it rests.
 * `probe`: it has cooled down, and another request is trying it. `limit`: its rpm, tpm or parallel limit is reached.
 */
export type Obstacle = 'off' | 'context-window' | 'region' | 'cooldown' | 'probe' | 'limit';

/** The limits of deployments, as far as this process knows. Asks nobody. */
export interface LimitView {
  /** Milliseconds until the target may have room for so many tokens; 0: it may have it now. */
  waitMs(target: Target, tokens: number): number;
}

export interface Checks {
  readonly limits: LimitView | undefined;
  /** `enable_pre_call_checks` */
  readonly isPreCallChecked: boolean;
}

/** Undefined: it may be chosen. */
export const obstacleOf = (
  target: Target,
  request: RoutingRequest,
  { limits, isPreCallChecked }: Checks,
  now: number,
): Obstacle | undefined => {
  if (!target.isUsable) return 'off';
  if (isPreCallChecked) {
    const window = target.maxInputTokens;
    if (window !== undefined && request.certainPromptTokens > window) return 'context-window';
  }
  const { region } = request.wishes;
  if (region !== undefined && !isInRegion(region, target.deployment.region)) return 'region';
  const { health, turnMs } = target.state;
  if (isCooling(health, now)) return 'cooldown';
  if (isProbed(health, now, turnMs)) return 'probe';
  if (limits && limits.waitMs(target, request.promptTokens) > 0) return 'limit';
  return undefined;
};

/** Milliseconds until the obstacle may be gone; Infinity: not for this request. */
export const clearsInMs = (
  obstacle: Obstacle,
  target: Target,
  request: RoutingRequest,
  { limits }: Checks,
  now: number,
): number => {
  switch (obstacle) {
    case 'cooldown':
    case 'probe':
      return Math.max(1, readyInMs(target.state.health, now, target.state.turnMs));
    case 'limit':
      return Math.max(1, limits?.waitMs(target, request.promptTokens) ?? 0);
    default:
      return Number.POSITIVE_INFINITY;
  }
};

/** `eu` takes `eu`, `eu-west-1` and `europe-west4`. A deployment that does not say where it is, is nowhere. */
export const isInRegion = (allowed: string, region: string | undefined): boolean =>
  region !== undefined && region.toLowerCase().startsWith(allowed.toLowerCase());
