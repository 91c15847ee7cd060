// What a client is told when no deployment of a group can be chosen.
import { GatewayError } from '@turnpike/errors';
import type { ResolvedGroup } from './model-index.js';
import { clearsInMs, obstacleOf, type Checks, type Obstacle } from './obstacles.js';
import type { RoutingRequest } from './request.js';

const MINUTE_MS = 60_000;

/** GW_NO_DEPLOYMENT_READY with the shortest wait, GW_CONTEXT_WINDOW_EXCEEDED, or GW_NO_DEPLOYMENT_USABLE. */
export const busyError = (
  { targets }: ResolvedGroup,
  request: RoutingRequest,
  checks: Checks,
  now: number,
): GatewayError => {
  const obstacles = new Set<Obstacle | undefined>();
  let waitMs = Number.POSITIVE_INFINITY;
  for (const target of targets) {
    const obstacle = obstacleOf(target, request, checks, now);
    obstacles.add(obstacle);
    // Ready, and yet not taken: the strategy, or a limit that others share, refused it.
    const ms = obstacle ? clearsInMs(obstacle, target, request, checks, now) : MINUTE_MS - (now % MINUTE_MS);
    waitMs = Math.min(waitMs, ms);
  }
  if (Number.isFinite(waitMs)) {
    const seconds = Math.ceil(waitMs / 1_000);
    return new GatewayError(
      'GW_NO_DEPLOYMENT_READY',
      `No deployments available for selected model, Try again in ${seconds} seconds. Passed model=${request.model}. ${reasonsFor(obstacles)}`,
      { param: 'model', retryAfterMs: waitMs },
    );
  }
  if (obstacles.has('context-window')) {
    return new GatewayError(
      'GW_CONTEXT_WINDOW_EXCEEDED',
      `The prompt has about ${request.certainPromptTokens} tokens, more than any deployment of the model '${request.model}' takes.`,
      { param: 'messages' },
    );
  }
  const why = obstacles.has('region')
    ? `is in the region '${request.wishes.region}'`
    : 'can be used. The start-up log and `turnpike config check` say why';
  return new GatewayError('GW_NO_DEPLOYMENT_USABLE', `No deployment of the model '${request.model}' ${why}.`, {
    param: 'model',
  });
};

const reasonsFor = (obstacles: ReadonlySet<Obstacle | undefined>): string => {
  const isResting = obstacles.has('cooldown') || obstacles.has('probe');
  if (isResting && !obstacles.has('limit')) return 'All of them are cooling down after failures.';
  return isResting ? 'They are cooling down after failures, or at their limits.' : 'All of them are at their limits.';
};
