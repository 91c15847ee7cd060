/** Medians, quantiles and spreads of a few numbers. */

/**
 * Linear between the two nearest ranks; NaN of nothing.
 * @param {readonly number[] | Float64Array} sorted ascending
 * @param {number} fraction 0…1
 */
export function quantile(sorted, fraction) {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** @param {readonly number[]} values */
export const median = (values) =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/**
 * @param {readonly number[]} values one a round
 * @returns {{ median: number, min: number, max: number }}
 */
export const spread = (values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) });

/**
 * @param {Float64Array} values in any order; sorted in place
 * @returns {{ mean: number, p50: number, p90: number, p99: number, max: number }}
 */
export function summary(values) {
  values.sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((fraction) => quantile(values, fraction));
  return { mean, p50: p50 ?? Number.NaN, p90: p90 ?? Number.NaN, p99: p99 ?? Number.NaN, max: max ?? Number.NaN };
}
