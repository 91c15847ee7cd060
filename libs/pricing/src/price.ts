// A rate sheet made ready for arithmetic: one flat card of integer rates for every tier and variant.
import type { NanoUsd } from '@turnpike/domain';
import { COMPONENTS, FALLBACKS, indexOf, type Component } from './components.js';
import { divide, scaleAndRound, type Ratio } from './exact.js';
import { BATCHES, type RateSheet } from './rate-sheet.js';

export type PriceSource = 'deployment' | 'price-file' | 'plugin' | 'catalogue';

/**
 * Rates by `indexOf[component]`, in femto-dollars (1e-15 USD), each split into whole nano-dollars and the remaining
 * femto-dollars (below 1,000,000), so that a count times either part stays an exact integer.
 */
export interface RateCard {
  readonly nano: Float64Array;
  readonly femto: Float64Array;
}

export interface PriceTier {
  /** The tier prices the whole call when the prompt has more tokens than this. */
  readonly aboveInputTokens: number;
  readonly card: RateCard;
}

/** Highest threshold first; the last has 0 and always fits. */
export type PriceTiers = readonly PriceTier[];

/** Immutable and shared; `costOf` reads it. */
export interface Price {
  /** The nearest source that states something. */
  readonly source: PriceSource;
  /** Every rate is 0: calls cost nothing, and budgets do not apply to them. */
  readonly isFree: boolean;
  readonly tiers: PriceTiers;
  /** Rates of batch jobs (`batches`, always there) and of service tiers (`flex`, `priority` …). */
  readonly variants: ReadonlyMap<string, PriceTiers>;
}

export const FEMTO_PER_NANO = 1_000_000;
const FEMTO_PER_USD = 10n ** 15n;

type RateOf = (component: Component) => Ratio | undefined;

const compileCard = (rateOf: RateOf): RateCard => {
  const resolve: RateOf = (component) => {
    const fallback = FALLBACKS[component];
    return rateOf(component) ?? (fallback && resolve(fallback));
  };
  const card = { nano: new Float64Array(COMPONENTS.length), femto: new Float64Array(COMPONENTS.length) };
  for (const component of COMPONENTS) {
    const usd = resolve(component);
    if (usd === undefined) continue;
    const femto = scaleAndRound(usd, FEMTO_PER_USD);
    card.nano[indexOf[component]] = Number(femto / BigInt(FEMTO_PER_NANO));
    card.femto[indexOf[component]] = Number(femto % BigInt(FEMTO_PER_NANO));
  }
  return card;
};

/**
 * Rounds each rate to the nearest femto-dollar. A variant, and a tier, states only what differs: the rest is the tier's
 * own standard rate, then that of the tier below. Batch jobs cost half where nothing else is stated.
 */
export const compilePrice = (sheet: RateSheet, source: PriceSource): Price => {
  const thresholds = [...new Set([0, ...sheet.map((entry) => entry.aboveInputTokens)])].sort((a, b) => b - a);
  const variants = new Set([BATCHES, ...sheet.map((entry) => entry.variant)]);
  variants.delete('');

  const stated = (component: Component, above: number, variant: string): Ratio | undefined =>
    sheet.find(
      (entry) => entry.component === component && entry.aboveInputTokens === above && entry.variant === variant,
    )?.usd;

  const rateIn = (component: Component, above: number, variant: string): Ratio | undefined => {
    const own = variant === '' ? undefined : stated(component, above, variant);
    if (own) return own;
    const standard = stated(component, above, '');
    return standard && variant === BATCHES ? divide(standard, 2) : standard;
  };

  const compileTiers = (variant: string): PriceTiers =>
    thresholds.map((aboveInputTokens, index) => {
      const upTo = thresholds.slice(index);
      const rateOf: RateOf = (component) => {
        for (const above of upTo) {
          const usd = rateIn(component, above, variant);
          if (usd) return usd;
        }
        return undefined;
      };
      return { aboveInputTokens, card: compileCard(rateOf) };
    });

  return {
    source,
    isFree: sheet.every((entry) => entry.usd.numerator === 0n),
    tiers: compileTiers(''),
    variants: new Map([...variants].map((variant) => [variant, compileTiers(variant)])),
  };
};

/** Nano-dollars of a million plain input and output tokens, for comparing prices and for showing them. */
export const perMillionTokens = (price: Price): { input: NanoUsd; output: NanoUsd } => {
  const card = price.tiers.at(-1)?.card;
  const million = (component: Component): NanoUsd =>
    card ? (card.nano[indexOf[component]] ?? 0) * 1_000_000 + (card.femto[indexOf[component]] ?? 0) : 0;
  return { input: million('input'), output: million('output') };
};
