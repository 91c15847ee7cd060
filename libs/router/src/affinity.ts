// Requests of one conversation keep to one deployment, so that the provider's prompt cache hits.
import type { Target } from './target.js';

/**
 * The target that this key belongs to among those that are ready: rendezvous hashing, weighted. Nothing is remembered
 * or shared, every worker and machine comes to the same answer, and when a target is not ready only its own
 * conversations move, and come back when it is.
 */
export const ownerOf = (targets: readonly Target[], key: string): Target | undefined => {
  let owner: Target | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const target of targets) {
    const weight = target.deployment.weight ?? 1;
    if (weight <= 0) continue;
    const score = -weight / Math.log(fraction(`${target.deployment.id}\n${key}`));
    if (score <= highest) continue;
    highest = score;
    owner = target;
  }
  return owner;
};

/** FNV-1a with a final mix, as a number in (0, 1). */
const fraction = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 0x1_0000_0000;
};
