// Tells gateways who calls, and what holds for the call.
import { Inject, Injectable } from '@nestjs/common';
import { accountName, ENTRY_LIMITS, INSTALLATION_ACCOUNT } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { parseUsd } from '@turnpike/pricing';
import type {
  Account,
  AuthorizeCustomerResponse,
  AuthorizeResponse,
  AuthorizeSubjectRequest,
  AuthorizeSubjectResponse,
  AuthorizeTagResponse,
  Principal,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { Changes } from '../repositories/changes.js';
import { CustomerRepository } from '../repositories/customer.repository.js';
import { TagRepository } from '../repositories/tag.repository.js';
import type { BudgetEntity } from '../schema/entities/budget.entity.js';
import type { Balance } from '../settlement/balance-book.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { CallbackSecrets } from './callback-secrets.js';
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
import { boundsOfHolder, composePrincipal, type KeyHolder } from './principal.js';
import { textOf, toBoundColumns } from './stored-terms.js';
import { storing } from './storing.js';
import { Subjects } from './subjects.js';
import { readUsd } from './terms.js';

const TOKEN = /^[0-9a-f]{64}$/;
const NO_TERMS: TermsSource = toBoundColumns(undefined, undefined);

@Injectable()
export class AuthorizeService {
  private readonly installation: ScopedBound[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly holders: Holders,
    private readonly subjects: Subjects,
    private readonly customers: CustomerRepository,
    private readonly tags: TagRepository,
    private readonly budgets: BudgetRepository,
    private readonly changes: Changes,
    private readonly bounds: BoundsKeeper,
    private readonly callbackSecrets: CallbackSecrets,
    @Inject(LEDGER_SETTINGS) private readonly settings: LedgerSettings,
    @Inject(INSTALLATION_BUDGET) { maxBudgetUsd, budgetDuration }: InstallationBudget,
    @Inject(NOW) private readonly now: Now,
  ) {
    this.installation =
      maxBudgetUsd === undefined
        ? []
        : [
            {
              account: INSTALLATION_ACCOUNT,
              max: readUsd(maxBudgetUsd, 'max_budget'),
              duration: budgetDuration,
              model: '',
            },
          ];
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
      const { holder, balances, sequence } = found;
      return { principal: await this.principalOf(manager, holder, now, this.bounds.readFrom(balances)), sequence };
    });
  }

  /** @throws GW_NOT_FOUND: the team or the user is not known */
  async authorizeSubject(request: AuthorizeSubjectRequest): Promise<AuthorizeSubjectResponse> {
    const { manager } = this.dataSource;
    return await storing(async () => {
      // Before the rest is read: what is read may only be newer than this.
      const sequence = await this.changes.latest(manager);
      const holder = await this.subjects.find(manager, request);
      return { principal: await this.principalOf(manager, holder, this.now()), sequence };
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
      const terms = effectiveTerms(customer ?? NO_TERMS, await this.sharedByCustomer(manager, customer?.budgetId));
      const account = accountName('customer', id);
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

  async authorizeTag(tag: string): Promise<AuthorizeTagResponse> {
    const name = tag.slice(0, ENTRY_LIMITS.name);
    if (name === '') throw invalidRequest('Name a tag.', 'tag');
    const { manager } = this.dataSource;
    return await storing(async () => {
      const sequence = await this.changes.latest(manager);
      const stored = await this.tags.find(manager, name);
      if (!stored) return { limits: [], accounts: [], sequence };
      const terms = effectiveTerms(stored, await this.sharedBudget(manager, stored.budgetId));
      const account = accountName('tag', name);
      return {
        limits: limitsOf(account, terms),
        accounts: await this.accountsOf(manager, boundsOf(account, terms)),
        sequence,
      };
    });
  }

  private async principalOf(
    manager: EntityManager,
    holder: KeyHolder,
    now: number,
    known?: ReadonlyMap<string, Balance>,
  ): Promise<Principal> {
    const accounts = await this.accountsOf(manager, [...boundsOfHolder(holder, now), ...this.installation], known);
    const principal = composePrincipal(holder, accounts, now);
    const { metadata, teamMetadata } = principal;
    return {
      ...principal,
      metadata: metadata && this.callbackSecrets.opened(metadata),
      teamMetadata: teamMetadata && this.callbackSecrets.opened(teamMetadata),
    };
  }

  /** Its own, else what the configuration has for all customers. */
  private async sharedByCustomer(
    manager: EntityManager,
    budgetId: string | null | undefined,
  ): Promise<TermsSource | null> {
    const { max_end_user_budget_id: ofAll, max_end_user_budget: maxUsd } = this.settings;
    const shared = await this.sharedBudget(manager, budgetId ?? ofAll);
    if (shared || budgetId || ofAll || maxUsd === undefined) return shared;
    return { ...NO_TERMS, maxBudgetNano: parseUsd(maxUsd) };
  }

  private async sharedBudget(
    manager: EntityManager,
    budgetId: string | null | undefined,
  ): Promise<BudgetEntity | null> {
    return budgetId ? await this.budgets.find(manager, budgetId) : null;
  }

  /** @param known balances that were read with whom they are of */
  private async accountsOf(
    manager: EntityManager,
    bounds: readonly ScopedBound[],
    known?: ReadonlyMap<string, Balance>,
  ): Promise<Account[]> {
    const balances = await this.settled(manager, bounds, known);
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
  private async settled(
    manager: EntityManager,
    bounds: readonly ScopedBound[],
    known?: ReadonlyMap<string, Balance>,
  ): Promise<ReadonlyMap<string, Balance>> {
    const accounts = bounds.map(({ account }) => account);
    const isKnown = known !== undefined && accounts.every((account) => known.has(account));
    const balances = isKnown ? known : await this.bounds.read(manager, accounts);
    const differing = bounds.filter(({ account, max, soft, duration }) => {
      const balance = balances.get(account);
      return balance?.max !== max || balance?.soft !== soft || balance?.duration !== duration;
    });
    if (differing.length === 0) return balances;
    await inTransaction(this.dataSource, (transaction) => this.bounds.change(transaction, [], differing));
    return await this.bounds.read(manager, accounts);
  }
}
