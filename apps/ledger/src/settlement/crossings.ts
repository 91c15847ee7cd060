// What somebody wants to hear of a balance as it grows. Pure.
import type { NanoUsd } from '@turnpike/domain';
import type { Balance } from './balance-book.js';

/** Parts of a bound that are told when they are reached. */
export const THRESHOLD_PERCENTS = [95, 85] as const;

export type CrossingKind = 'soft-budget' | 'threshold' | 'max-budget';

/** A mark that what was spent in the period reached just now. */
export interface Crossing {
  readonly kind: CrossingKind;
  readonly account: string;
  readonly spent: NanoUsd;
  readonly max: NanoUsd | undefined;
  readonly soft: NanoUsd | undefined;
  /** Of a threshold. */
  readonly percent: number | undefined;
  /** Epoch milliseconds. */
  readonly resetAt: number | undefined;
}

/**
 * Once a period for each mark: what is spent only grows. Of the bound and its thresholds the highest counts where several
 * are reached at once.
 */
export const crossingsOf = (before: Balance, added: NanoUsd): Crossing[] => {
  const { account, max, soft, resetAt } = before;
  const spent = before.spent + added;
  const crossings: Crossing[] = [];
  const isReached = (mark: NanoUsd): boolean => before.spent < mark && spent >= mark;
  const tell = (kind: CrossingKind, percent?: number): void =>
    void crossings.push({ kind, account, spent, max, soft, percent, resetAt });
  if (soft !== undefined && isReached(soft)) tell('soft-budget');
  if (max === undefined) return crossings;
  if (isReached(max)) tell('max-budget');
  else {
    const percent = THRESHOLD_PERCENTS.find((one) => isReached((max / 100) * one));
    if (percent !== undefined) tell('threshold', percent);
  }
  return crossings;
};
