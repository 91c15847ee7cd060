// What metrics tell of callers beside their hash: names, limits and budgets, as the ledger told them with their keys.
import type { LeaseGrant } from '@turnpike/limits';
import type { Principal } from '@turnpike/rpc';
import type { CustomLabels } from './custom-labels.js';

/** Callers, and budgets, that are kept. */
const MAX_KEPT = 20_000;

export interface CallerFacts {
  readonly keyHash: string;
  readonly keyAlias: string;
  readonly teamId: string;
  readonly teamAlias: string;
  readonly userEmail: string;
  readonly organizationId: string;
  readonly limits: Principal['limits'];
  /** Of `custom_prometheus_metadata_labels`. */
  readonly custom: readonly (string | undefined)[];
}

/** A budget as it was last heard of. Nano-dollars. */
export interface BudgetFacts {
  readonly max: number;
  /** Undefined: not heard of yet. */
  readonly spent: number | undefined;
  /** Epoch milliseconds. */
  readonly resetAt: number | undefined;
}

export class CallerBook {
  private readonly callers = new Map<string, CallerFacts>();
  private readonly budgets = new Map<string, BudgetFacts>();
  private readonly keyAliases = new Map<string, string>();
  private readonly teamAliases = new Map<string, string>();
  private readonly organizationAliases = new Map<string, string>();

  constructor(private readonly custom: CustomLabels) {}

  /** The ledger told who calls with a key. */
  learn(told: Principal): void {
    const { keyHash, keyAlias, teamId, teamAlias, userEmail, organizationId, limits, accounts } = told;
    const custom = this.custom.ofCaller(told.metadata, told.teamMetadata);
    put(this.callers, keyHash, { keyHash, keyAlias, teamId, teamAlias, userEmail, organizationId, limits, custom });
    put(this.keyAliases, keyHash, keyAlias);
    if (teamId) put(this.teamAliases, teamId, teamAlias);
    for (const { account, maxNanoUsd: max, resetAt, model } of accounts) {
      if (model === '')
        this.learnBudget(account, { max, spent: this.budgets.get(account)?.spent, resetAt: resetAt?.getTime() });
    }
  }

  /** The ledger told how an account stands. */
  granted({ account, max, spent, resetAt }: Pick<LeaseGrant, 'account' | 'max' | 'spent' | 'resetAt'>): void {
    this.learnBudget(account, { max, spent, resetAt });
  }

  of(keyHash: string): CallerFacts | undefined {
    return this.callers.get(keyHash);
  }

  all(): Iterable<CallerFacts> {
    return this.callers.values();
  }

  keyAliasOf(keyHash: string): string {
    return this.keyAliases.get(keyHash) ?? '';
  }

  nameKey(keyHash: string, alias: string): void {
    put(this.keyAliases, keyHash, alias);
  }

  teamAliasOf(teamId: string): string {
    return this.teamAliases.get(teamId) ?? '';
  }

  organizationAliasOf(organizationId: string): string {
    return this.organizationAliases.get(organizationId) ?? '';
  }

  nameTeam(teamId: string, alias: string): void {
    put(this.teamAliases, teamId, alias);
  }

  nameOrganization(organizationId: string, alias: string): void {
    put(this.organizationAliases, organizationId, alias);
  }

  /** By account: `key:<hash>`, `team:<id>` … */
  allBudgets(): Iterable<readonly [string, BudgetFacts]> {
    return this.budgets;
  }

  /** Those of one model or of one of several windows have no metric. */
  private learnBudget(account: string, facts: BudgetFacts): void {
    if (!account.includes('|')) put(this.budgets, account, facts);
  }
}

/** The least recently heard of goes first. */
const put = <Value>(map: Map<string, Value>, key: string, value: Value): void => {
  map.delete(key);
  if (map.size >= MAX_KEPT) map.delete(map.keys().next().value!);
  map.set(key, value);
};
