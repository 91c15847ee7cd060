// Exact fractions: a price stays one until it becomes a whole number of femto-dollars.

/** `numerator / denominator`, never negative, denominator never 0. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const DECIMAL = /^(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i;

/**
 * Reads a decimal (`3.75e-8`, `"3e-7"`) without rounding: a number counts as the shortest decimal that denotes it, which
 * is how it was written. Undefined for anything that is not a finite number of at least 0.
 */
export const parseDecimal = (value: unknown): Ratio | undefined => {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const match = DECIMAL.exec(String(value).trim());
  if (!match) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const scale = Number(exponent) - fraction.length;
  return scale >= 0
    ? { numerator: digits * 10n ** BigInt(scale), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-scale) };
};

export const divide = ({ numerator, denominator }: Ratio, by: number): Ratio => ({
  numerator,
  denominator: denominator * BigInt(by),
});

/** `ratio × scale`, rounded half up. */
export const scaleAndRound = ({ numerator, denominator }: Ratio, scale: bigint): bigint =>
  (2n * numerator * scale + denominator) / (2n * denominator);
