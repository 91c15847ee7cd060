// Rates as stated by one source, and how a nearer source's rates lie over a farther one's.
import { baseOf, type Component } from './components.js';
import type { Ratio } from './exact.js';

/** The variant of batch jobs. Others are service tiers: `flex`, `priority` … */
export const BATCHES = 'batches';

export interface RateEntry {
  readonly component: Component;
  /** Holds for prompts of more than this many tokens; 0 for the plain rate. */
  readonly aboveInputTokens: number;
  /** Empty for the standard rate. */
  readonly variant: string;
  /** US dollars a unit. */
  readonly usd: Ratio;
}

export type RateSheet = readonly RateEntry[];

const key = ({ component, aboveInputTokens, variant }: RateEntry): string =>
  `${component} ${aboveInputTokens} ${variant}`;

const isPlain = ({ aboveInputTokens, variant }: RateEntry): boolean => aboveInputTokens === 0 && variant === '';

/**
 * Lays `upper` over `lower`. Where `upper` states a plain base rate (input, output …) it owns everything that hangs on
 * it: a cheaper input price beside the old cache price and the old tiers would charge more for a cached token than for
 * a fresh one.
 */
export const overlay = (upper: RateSheet, lower: RateSheet): RateSheet => {
  if (upper.length === 0) return lower;
  const stated = new Set(upper.map(key));
  const owned = new Set(upper.filter(isPlain).map(({ component }) => component));
  return [...upper, ...lower.filter((entry) => !stated.has(key(entry)) && !owned.has(baseOf(entry.component)))];
};
