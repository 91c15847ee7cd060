// Nano-dollars from and to decimal dollars, at the edges where people and other systems read them.
import type { NanoUsd } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { parseDecimal, scaleAndRound } from './exact.js';

export const NANO_PER_USD = 1_000_000_000;
const ZERO = 0x30;

/** Exact decimal dollars without an exponent or trailing zeros: 1_500_000_000 → `1.5`, -25 → `-0.000000025`. */
export const formatUsd = (nano: NanoUsd): string => {
  if (!Number.isSafeInteger(nano)) throw new RangeError(`Not a whole number of nano-dollars: ${nano}`);
  const amount = Math.abs(nano);
  const sign = nano < 0 ? '-' : '';
  const fraction = amount % NANO_PER_USD;
  const whole = (amount - fraction) / NANO_PER_USD;
  if (fraction === 0) return `${sign}${whole}`;
  // The 1 in front keeps the fraction's leading zeros.
  const digits = String(NANO_PER_USD + fraction);
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return `${sign}${whole}.${digits.slice(1, end)}`;
};

/**
 * Decimal dollars (`"12.5"`, `0.1`, `"-3e-7"`) to nano-dollars, rounded half away from zero.
 * Throws GW_INVALID_REQUEST for what is no number or does not fit (beyond 9,007,199 dollars).
 */
export const parseUsd = (value: string | number): NanoUsd => {
  const text = String(value).trim();
  const isNegative = text.startsWith('-');
  const amount = parseDecimal(isNegative ? text.slice(1) : text);
  const nano = amount && Number(scaleAndRound(amount, BigInt(NANO_PER_USD)));
  if (nano === undefined || !Number.isSafeInteger(nano)) {
    throw invalidRequest(`'${text}' is not an amount of US dollars between -9007199 and 9007199.`);
  }
  return isNegative && nano !== 0 ? -nano : nano;
};
