// Budgets: what they are, what is left, and when they begin anew. As the ledger last told, less what was spent here since.
import type { MetricSource } from '@turnpike/telemetry';
import type { Runtime } from '../../runtime/runtime.js';
import type { BudgetFacts } from '../caller-book.js';
import { shortHash } from '../callers.js';

const NANO_PER_USD = 1e9;
const HOUR_MS = 3_600_000;

interface Owner {
  /** In names of metrics. */
  readonly name: string;
  /** Before the colon in names of accounts. */
  readonly kind: string;
  readonly labelNames: readonly string[];
  labelsOf(id: string, runtime: Runtime): string[];
}

const OWNERS: readonly Owner[] = [
  {
    name: 'api_key',
    kind: 'key',
    labelNames: ['hashed_api_key', 'api_key_alias'],
    labelsOf: (id, { metrics }) => [shortHash(id), metrics.book.keyAliasOf(id)],
  },
  {
    name: 'team',
    kind: 'team',
    labelNames: ['team', 'team_alias'],
    labelsOf: (id, { metrics }) => [id, metrics.book.teamAliasOf(id)],
  },
  {
    name: 'org',
    kind: 'organization',
    labelNames: ['org_id', 'org_alias'],
    labelsOf: (id, { metrics }) => [id, metrics.book.organizationAliasOf(id)],
  },
  { name: 'user', kind: 'user', labelNames: ['user'], labelsOf: (id) => [id] },
  { name: 'customer', kind: 'customer', labelNames: ['end_user'], labelsOf: (id) => [id] },
];

export const budgetSources = (runtime: Runtime): readonly MetricSource[] =>
  OWNERS.flatMap((owner) => {
    // End users are told of only where the operator wants them to be.
    if (owner.kind === 'customer' && !runtime.config.metrics.hasEndUserLabel) return [];
    const source = (
      name: string,
      help: string,
      combine: 'min' | 'max',
      figure: (facts: BudgetFacts, account: string) => number | undefined,
    ): MetricSource => ({
      name,
      help,
      combine,
      labelNames: owner.labelNames,
      read: (tell) => {
        for (const [account, facts] of runtime.metrics.book.allBudgets()) {
          if (!account.startsWith(`${owner.kind}:`)) continue;
          const value = figure(facts, account);
          if (value !== undefined) tell(value, owner.labelsOf(account.slice(owner.kind.length + 1), runtime));
        }
      },
    });
    return [
      source(
        `litellm_remaining_${owner.name}_budget_metric`,
        'USD that are left of the budget',
        'min',
        (facts, account) => leftOf(runtime, facts, account),
      ),
      source(`litellm_${owner.name}_max_budget_metric`, 'USD of the budget', 'max', ({ max }) => max / NANO_PER_USD),
      source(
        `litellm_${owner.name}_budget_remaining_hours_metric`,
        'Hours until the budget begins anew',
        'min',
        ({ resetAt }) => (resetAt === undefined ? undefined : Math.max(0, (resetAt - runtime.clock.now()) / HOUR_MS)),
      ),
    ];
  });

/** Undefined: nobody has said yet what was spent. */
const leftOf = (
  { budgets, clock }: Runtime,
  { max, spent, resetAt }: BudgetFacts,
  account: string,
): number | undefined => {
  if (spent === undefined) return undefined;
  // It has begun anew, and nobody has called since.
  const isOver = resetAt !== undefined && resetAt <= clock.now();
  const used = isOver ? 0 : spent + (budgets?.spentSince(account) ?? 0);
  return (max - used) / NANO_PER_USD;
};
