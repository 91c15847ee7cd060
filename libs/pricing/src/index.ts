/** What models cost and can do, and money arithmetic in integers. */
export { PriceAdjustments, type AdjustedCost, type AdjustmentSettings, type Margin } from './adjustments.js';
export { costOf, type BilledUnits, type CostOptions } from './cost.js';
export { supportsKeyOf, type ModelFacts } from './facts.js';
export { formatUsd, NANO_PER_USD, parseUsd } from './money.js';
export { createPriceBook, type PriceBook, type PriceBookOptions } from './price-book.js';
export { readPriceKeys } from './price-keys.js';
export type { PriceQuery } from './price-sources.js';
export { perMillionTokens, type Price, type PriceSource } from './price.js';
