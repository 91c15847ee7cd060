// Deployments that begin to rest, and those that answer again: told where it is noticed, which is in one worker.
import type { Alert } from '@turnpike/plugin-sdk';
import type { Choice } from '@turnpike/router';

type Target = Choice['target'];

/** @param before the deployment's health before the attempt ended; undefined: nothing has begun or ended since */
export const deploymentAlert = (target: Target, before: Target['state']['health']): Alert | undefined => {
  const { deployment, model, state } = target;
  const { isProving, why } = state.health;
  // A probe that fails makes the rest longer: nothing new.
  if (isProving === before.isProving) return undefined;
  return {
    kind: 'deployment',
    event: isProving ? 'cooled_down' : 'recovered',
    deploymentId: deployment.id,
    group: deployment.modelName,
    provider: deployment.provider,
    upstreamModel: model,
    ...(isProving && why !== undefined && { reason: why }),
    at: Date.now(),
  };
};
