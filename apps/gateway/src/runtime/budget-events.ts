// Tells of budgets that are nearly or wholly spent: a line in the log, a metric, and whoever listens.
import { ownerOfAccount, type AccountKind, type NanoUsd } from '@turnpike/domain';
import type { Alert, Logger } from '@turnpike/plugin-sdk';
import { formatUsd } from '@turnpike/pricing';
import { BudgetEvent_Kind, type BudgetEvent as ToldEvent } from '@turnpike/rpc';
import type { CallerBook } from '../metrics/caller-book.js';

/** As LiteLLM names them in its alerts. */
export type BudgetEventName = 'soft_budget_crossed' | 'threshold_crossed' | 'budget_crossed';

/** What was spent in a period reached a mark. One event a period for each mark, in one worker of all gateways. */
export interface BudgetEvent {
  readonly event: BudgetEventName;
  /** `key:<hash>`, `team:<id>|model:<name>` … */
  readonly account: string;
  /** Whose it is; `installation`: of all calls together. */
  readonly ownerKind: AccountKind | 'installation';
  /** A key's hash, else an id or a name; empty for the installation. */
  readonly ownerId: string;
  /** Where it is of one model only. */
  readonly model?: string;
  readonly spentNanoUsd: NanoUsd;
  /** Absent: there is a soft budget alone. */
  readonly maxNanoUsd?: NanoUsd;
  readonly softNanoUsd?: NanoUsd;
  /** Of `threshold_crossed`: 85 or 95. */
  readonly percent?: number;
  /** Epoch milliseconds: when the account begins anew. */
  readonly resetAt?: number;
}

/** Must not throw, and is waited for by nobody. */
export type OnBudgetEvent = (event: BudgetEvent) => void;

export class BudgetEvents {
  private readonly listeners = new Set<OnBudgetEvent>();

  constructor(
    private readonly log: Logger,
    private readonly count: (event: BudgetEventName, ownerKind: string) => void,
  ) {}

  /** @returns the end of it */
  listen(listener: OnBudgetEvent): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  told(events: readonly ToldEvent[]): void {
    for (const one of events) {
      const event = eventOf(one);
      if (event) this.tell(event);
    }
  }

  private tell(event: BudgetEvent): void {
    this.count(event.event, event.ownerKind);
    this.log.warn(textOf(event), { event: event.event, account: event.account });
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.log.error('a listener of budgets failed', { error });
      }
    }
  }
}

/** What another version tells of is passed over. */
const NAMES: Readonly<Partial<Record<BudgetEvent_Kind, BudgetEventName>>> = {
  [BudgetEvent_Kind.SOFT_BUDGET]: 'soft_budget_crossed',
  [BudgetEvent_Kind.THRESHOLD]: 'threshold_crossed',
  [BudgetEvent_Kind.MAX_BUDGET]: 'budget_crossed',
};

const eventOf = (told: ToldEvent): BudgetEvent | undefined => {
  const { kind, account, spentNanoUsd, maxNanoUsd, softNanoUsd, percent, resetAt } = told;
  const event = NAMES[kind];
  if (!event) return undefined;
  const owner = ownerOfAccount(account);
  const [, model] = account.split('|model:');
  return {
    event,
    account,
    ownerKind: owner?.kind ?? 'installation',
    ownerId: owner?.id ?? '',
    ...(model !== undefined && { model }),
    spentNanoUsd,
    ...(maxNanoUsd !== undefined && { maxNanoUsd }),
    ...(softNanoUsd !== undefined && { softNanoUsd }),
    ...(percent > 0 && { percent }),
    ...(resetAt && { resetAt: resetAt.getTime() }),
  };
};

const textOf = ({ event, account, spentNanoUsd, maxNanoUsd, softNanoUsd, percent }: BudgetEvent): string => {
  const spent = `${account} has spent ${formatUsd(spentNanoUsd)} USD`;
  switch (event) {
    case 'soft_budget_crossed':
      return `${spent}, and reached its soft budget of ${formatUsd(softNanoUsd ?? 0)} USD; its calls go on`;
    case 'threshold_crossed':
      return `${spent}, ${percent} % of its budget of ${formatUsd(maxNanoUsd ?? 0)} USD`;
    case 'budget_crossed':
      return `${spent}, all of its budget of ${formatUsd(maxNanoUsd ?? 0)} USD`;
  }
};

/** Names that people know owners of budgets by; empty: none is known. */
export type OwnerNames = Pick<CallerBook, 'keyAliasOf' | 'teamAliasOf' | 'organizationAliasOf'>;

const aliasOf = ({ ownerKind, ownerId }: BudgetEvent, names: OwnerNames): string => {
  if (ownerKind === 'key') return names.keyAliasOf(ownerId);
  if (ownerKind === 'team') return names.teamAliasOf(ownerId);
  return ownerKind === 'organization' ? names.organizationAliasOf(ownerId) : '';
};

/** The same for callbacks. @param at epoch milliseconds */
export const budgetAlert = (event: BudgetEvent, at: number, names: OwnerNames): Alert => ({
  kind: 'budget',
  event: event.event,
  scope: event.ownerKind,
  id: event.ownerId,
  alias: aliasOf(event, names) || undefined,
  spentNanoUsd: event.spentNanoUsd,
  ...(event.maxNanoUsd !== undefined && { maxNanoUsd: event.maxNanoUsd }),
  ...(event.softNanoUsd !== undefined && { softNanoUsd: event.softNanoUsd }),
  ...(event.resetAt !== undefined && { resetAt: event.resetAt }),
  at,
});
