// Requests of one conversation keep to one deployment, so that the provider's prompt cache hits.
import { hashOf, toFraction } from './hash.js';
import type { Target } from './target.js';

/**
 * The target that this key belongs to among those that are ready: rendezvous hashing, weighted. Nothing is remembered
 * or shared, every worker and machine comes to the same answer, and when a target is not ready only its own
 * conversations move, and come back when it is.
 */
export const ownerOf = (targets: readonly Target[], key: string): Target | undefined => {
  const hash = hashOf(key);
  let owner: Target | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const target of targets) {
    const weight = target.deployment.weight ?? 1;
    if (weight <= 0) continue;
    const score = -weight / Math.log(toFraction(target.hash ^ hash));
    if (score <= highest) continue;
    highest = score;
    owner = target;
  }
  return owner;
};
