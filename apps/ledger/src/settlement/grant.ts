// How much of what is left a holder gets. Pure.
import type { NanoUsd } from '@turnpike/domain';

export interface Lease {
  /** Granted, and neither given back nor settled: what it has idle, what it has reserved, and what is on its way here. */
  outstanding: NanoUsd;
  /** Its return is asked for. */
  isRecalled: boolean;
}

export interface GrantAsk {
  /** At least so much, for a call that waits; 0: nobody waits. */
  readonly needed: NanoUsd;
  /** Of what was leased: given back. */
  readonly returned: NanoUsd;
}

export interface Grant {
  readonly granted: NanoUsd;
  /** Why nothing: `spent`: there is nothing left; `held`: what is left is others', or on its way here. */
  readonly refusal?: 'spent' | 'held';
}

/** Of what is left, all holders together get this part at a time: many large slices at first, small ones at the end. */
const PART = 8;

/**
 * Changes `leases` as if granted. Never grants what, with all that is outstanding, exceeds what is left, but for one
 * case: money is left and nothing is outstanding; then a call is let through, whatever it needs.
 * @param left the bound less what was spent
 * @param leases of the account, by holder; those that have expired are not among them
 */
export const grant = (
  left: NanoUsd,
  leases: Map<string, Lease>,
  holder: string,
  { needed, returned }: GrantAsk,
): Grant => {
  const lease = leases.get(holder) ?? { outstanding: 0, isRecalled: false };
  const wasRecalled = lease.isRecalled;
  lease.outstanding = Math.max(0, lease.outstanding - returned);
  // What it has it keeps for calls under way; it has just said what of it is to spare.
  lease.isRecalled = false;
  leases.set(holder, lease);
  const outstanding = sumOf(leases);
  const free = left - outstanding;
  const isRenewal = needed === 0 && returned === 0;
  if (needed === 0 && !(isRenewal && !wasRecalled)) return { granted: 0 };
  const share = Math.floor(left / PART / leases.size);
  const granted = Math.min(free, Math.max(needed, share - lease.outstanding));
  if (granted >= needed && granted > 0) return give(lease, granted);
  if (needed === 0) return { granted: 0 };
  if (left <= 0) return { granted: 0, refusal: 'spent' };
  if (outstanding === 0) return give(lease, needed);
  for (const [other, held] of leases) if (other !== holder && held.outstanding > 0) held.isRecalled = true;
  return { granted: 0, refusal: 'held' };
};

const give = (lease: Lease, granted: NanoUsd): Grant => {
  lease.outstanding += granted;
  return { granted };
};

const sumOf = (leases: ReadonlyMap<string, Lease>): NanoUsd => {
  let sum = 0;
  for (const { outstanding } of leases.values()) sum += outstanding;
  return sum;
};
