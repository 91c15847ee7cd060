// Where a request goes when its group cannot answer it.
import type { FallbackTarget, RouterSettings } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import type { RoutingWishes } from './request.js';

export type FallbackSettings = Pick<
  RouterSettings,
  'fallbacks' | 'contextWindowFallbacks' | 'contentPolicyFallbacks' | 'fallbackOnRateLimit'
>;

/** Holds for every group without its own. */
const EVERY_GROUP = '*';
const NONE: readonly FallbackTarget[] = [];

/** Names come from clients: `constructor` has no fallbacks. */
const ownOf = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** By the name asked for, the group's, that without the provider's prefix, then what holds for every group. */
const lookUp = (
  table: Readonly<Record<string, readonly FallbackTarget[]>>,
  names: readonly string[],
): readonly FallbackTarget[] | undefined => {
  for (const name of names) {
    const found = ownOf(table, name) ?? ownOf(table, name.slice(name.indexOf('/') + 1));
    if (found) return found;
  }
  return ownOf(table, EVERY_GROUP);
};

/**
 * The targets to go on with, in order.
 *
 * @param names what the group is called, the name asked for first
 */
export const fallbacksFor = (
  names: readonly string[],
  error: GatewayError,
  wishes: RoutingWishes,
  settings: FallbackSettings,
): readonly FallbackTarget[] => {
  if (wishes.disableFallbacks) return NONE;
  if (error.status === 429 && !settings.fallbackOnRateLimit) return NONE;
  return specialFor(names, error, wishes, settings) ?? wishes.fallbacks ?? lookUp(settings.fallbacks, names) ?? NONE;
};

/** A prompt that is too long, or refused, may have fallbacks of its own. */
export const specialFor = (
  names: readonly string[],
  error: GatewayError,
  wishes: RoutingWishes,
  settings: FallbackSettings,
): readonly FallbackTarget[] | undefined => {
  switch (error.code) {
    case 'GW_CONTEXT_WINDOW_EXCEEDED':
      return wishes.contextWindowFallbacks ?? lookUp(settings.contextWindowFallbacks, names);
    case 'GW_CONTENT_POLICY':
      return wishes.contentPolicyFallbacks ?? lookUp(settings.contentPolicyFallbacks, names);
    default:
      return undefined;
  }
};
