// Tells gateways who calls, and what holds for the call.
import { Inject, Injectable } from '@nestjs/common';
import { ENTRY_LIMITS } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { Account, AuthorizeCustomerResponse, AuthorizeResponse } from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { Changes } from '../repositories/changes.js';
import { CustomerRepository } from '../repositories/customer.repository.js';
import type { Balance } from '../settlement/balance-book.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { boundsOf, effectiveTerms, limitsOf, type ScopedBound, type TermsSource } from './effective-terms.js';
import { Holders } from './holders.js';
import { unknownKey } from './key-secret.js';
import {
  INSTALLATION_BUDGET,
  LEDGER_SETTINGS,
  NOW,
  type InstallationBudget,
  type LedgerSettings,
  type Now,
} from './ledger-settings.js';
import { boundsOfHolder, composePrincipal } from './principal.js';
import { textOf, toBoundColumns } from './stored-terms.js';
import { storing } from './storing.js';

const TOKEN = /^[0-9a-f]{64}$/;
const NANO = 1e9;

@Injectable()
export class AuthorizeService {
  private readonly installation: ScopedBound[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly holders: Holders,
    private readonly customers: CustomerRepository,
    private readonly budgets: BudgetRepository,
    private readonly changes: Changes,
    private readonly bounds: BoundsKeeper,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
    @Inject(INSTALLATION_BUDGET) { maxBudgetUsd, budgetDuration }: InstallationBudget,
    @Inject(NOW) private readonly now: Now,
  ) {
    this.installation =
      maxBudgetUsd === undefined
        ? []
        : [{ account: 'installation', max: Math.round(maxBudgetUsd * NANO), duration: budgetDuration, model: '' }];
  }

  /** @throws GW_NOT_FOUND: nobody calls with this key */
  async authorize(keyHash: string): Promise<AuthorizeResponse> {
    if (!TOKEN.test(keyHash))
      throw invalidRequest('key_hash must be the SHA-256 of a key, in lower-case hex.', 'key_hash');
    const { manager } = this.dataSource;
    return await storing(async () => {
      const now = this.now();
      const found = await this.holders.find(manager, keyHash, new Date(now));
      if (!found) throw unknownKey(keyHash);
      const { holder, sequence } = found;
      const accounts = await this.accountsOf(manager, [...boundsOfHolder(holder, now), ...this.installation]);
      return { principal: composePrincipal(holder, accounts, now), sequence };
    });
  }

  async authorizeCustomer(customerId: string): Promise<AuthorizeCustomerResponse> {
    // As finished calls name them.
    const id = customerId.slice(0, ENTRY_LIMITS.name);
    if (id === '') throw invalidRequest('Name a customer.', 'customer_id');
    const { manager } = this.dataSource;
    return await storing(async () => {
      // Before the rest is read: what is read may only be newer than this.
      const sequence = await this.changes.latest(manager);
      const customer = await this.customers.find(manager, id);
      const budgetId = customer?.budgetId ?? this.settings.max_end_user_budget_id;
      const shared = budgetId ? await this.budgets.find(manager, budgetId) : null;
      const own: TermsSource = customer ?? toBoundColumns(undefined, undefined);
      const terms = effectiveTerms(own, shared);
      const account = `customer:${id}`;
      return {
        blocked: customer?.blocked ?? false,
        defaultModel: textOf(customer?.defaultModel),
        allowedModelRegion: textOf(customer?.allowedModelRegion),
        limits: limitsOf(account, terms),
        accounts: await this.accountsOf(manager, boundsOf(account, terms)),
        sequence,
      };
    });
  }

  private async accountsOf(manager: EntityManager, bounds: readonly ScopedBound[]): Promise<Account[]> {
    const balances = await this.settled(manager, bounds);
    return bounds.flatMap(({ account, max, model }) => {
      const resetAt = balances.get(account)?.resetAt;
      if (max === undefined) return [];
      return [{ account, maxNanoUsd: max, model, resetAt: resetAt === undefined ? undefined : new Date(resetAt) }];
    });
  }

  /**
   * Balances with these bounds. Some follow from defaults, for whom no row was ever written, or end with time, as
   * temporary increases do: they are written down when somebody comes for whom they hold.
   */
  private async settled(manager: EntityManager, bounds: readonly ScopedBound[]): Promise<ReadonlyMap<string, Balance>> {
    const accounts = bounds.map(({ account }) => account);
    const balances = await this.bounds.read(manager, accounts);
    const differing = bounds.filter(({ account, max, duration }) => {
      const balance = balances.get(account);
      return balance?.max !== max || balance?.duration !== duration;
    });
    if (differing.length === 0) return balances;
    await inTransaction(this.dataSource, (transaction) => this.bounds.change(transaction, [], differing));
    return await this.bounds.read(manager, accounts);
  }
}
