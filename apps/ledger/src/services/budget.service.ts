// Budgets that many share: their terms, and all whom they hold for.
import { Injectable } from '@nestjs/common';
import {
  SharedBudget,
  type CreateBudgetRequest,
  type DeleteBudgetRequest,
  type GetBudgetsRequest,
  type GetBudgetsResponse,
  type ListBudgetsRequest,
  type ListBudgetsResponse,
  type UpdateBudgetRequest,
} from '@turnpike/rpc';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { BudgetRepository, type BudgetReference } from '../repositories/budget.repository.js';
import type { Change } from '../repositories/changes.js';
import type { BudgetEntity } from '../schema/entities/budget.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { BudgetHolders } from './budget-holders.js';
import { authorOf, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { assertAdmin, assertSeesAll } from './permissions.js';
import { Recorder, type Deed, type Trace } from './recorder.js';
import {
  authorshipOf,
  fromBudgetColumns,
  fromLimitColumns,
  fromStoredModelTerms,
  toBoundColumns,
  toStoredModelTerms,
} from './stored-terms.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { assertBudget, assertId, assertLimits, assertModelTerms, assertNames } from './terms.js';

const FIXED: (keyof SharedBudget)[] = ['budgetId', 'authorship'];

type BudgetAnswer = Promise<{ budget: SharedBudget }>;

@Injectable()
export class BudgetService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: BudgetRepository,
    private readonly holders: BudgetHolders,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
  ) {}

  async create(caller: Caller, request: CreateBudgetRequest): BudgetAnswer {
    assertAdmin(caller, 'make budgets');
    const asked = request.budget ?? SharedBudget.fromPartial({});
    assertSharedBudget(asked);
    const budgetId = asked.budgetId || randomUUID();
    const meanings = { budgets_pkey: () => alreadyExists(`The budget '${budgetId}'`, 'budget_id') };
    return await this.transact(async (manager) => {
      const author = authorOf(caller);
      const columns = { ...toColumns(asked), budgetId, createdBy: author, updatedBy: author };
      const budget = await this.repository.insert(manager, columns);
      await this.record(manager, caller, { action: 'created', id: budgetId, after: budget }, []);
      return { budget: fromEntity(budget) };
    }, meanings);
  }

  async update(caller: Caller, request: UpdateBudgetRequest): BudgetAnswer {
    assertAdmin(caller, 'change budgets');
    const changes = request.changes ?? SharedBudget.fromPartial({});
    const { budgetId } = changes;
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, budgetId);
      const wished = applyMask(fromEntity(before), changes, request.updateMask ?? [], FIXED);
      assertSharedBudget(wished);
      const references = await this.repository.references(manager, [budgetId]);
      const boundsBefore = await this.holders.boundsOf(manager, references);
      const columns = { ...toColumns(wished), updatedBy: authorOf(caller) };
      const budget = await this.repository.update(manager, budgetId, columns);
      await this.bounds.change(manager, boundsBefore, await this.holders.boundsOf(manager, references));
      await this.record(manager, caller, { action: 'updated', id: budgetId, before, after: budget }, references);
      return { budget: fromEntity(budget!) };
    });
  }

  async delete(caller: Caller, { budgetId }: DeleteBudgetRequest): BudgetAnswer {
    assertAdmin(caller, 'delete budgets');
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, budgetId);
      const references = await this.repository.references(manager, [budgetId]);
      const boundsBefore = await this.holders.boundsOf(manager, references);
      await this.repository.detach(manager, [budgetId]);
      await this.repository.delete(manager, [budgetId]);
      await this.bounds.change(manager, boundsBefore, await this.holders.boundsOf(manager, references));
      await this.record(manager, caller, { action: 'deleted', id: budgetId, before }, references);
      return { budget: fromEntity(before) };
    });
  }

  /** Unknown ones are not in the answer. */
  async get(caller: Caller, { budgetIds }: GetBudgetsRequest): Promise<GetBudgetsResponse> {
    assertSeesAll(caller, 'see budgets');
    return await storing(async () => {
      const budgets = await this.repository.findMany(this.dataSource.manager, budgetIds);
      return { budgets: budgets.map(fromEntity) };
    });
  }

  async list(caller: Caller, { page }: ListBudgetsRequest): Promise<ListBudgetsResponse> {
    assertSeesAll(caller, 'see budgets');
    const query = toPageQuery(page);
    return await storing(async () => {
      const { rows, totalCount } = await this.repository.page(this.dataSource.manager, query);
      return { budgets: rows.map(fromEntity), page: pageInfoOf(query, totalCount) };
    });
  }

  private async lock(manager: EntityManager, budgetId: string): Promise<BudgetEntity> {
    const budget = await this.repository.lock(manager, budgetId);
    if (!budget) throw notFound(`The budget '${budgetId}'`, 'budget_id');
    return budget;
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    deed: Omit<Deed, 'table'>,
    references: readonly BudgetReference[],
  ): Promise<void> {
    const own: Change = { kind: 'budget', id: deed.id };
    const trace: Trace = {
      deeds: [{ ...deed, table: 'budget' }],
      changes: [own, ...(await this.holders.changesOf(manager, references))],
    };
    await this.recorder.record(manager, caller, trace);
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, meanings: Meanings = {}): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }
}

const toColumns = ({ budget, limits, modelTerms, allowedModels }: SharedBudget): Partial<BudgetEntity> => ({
  ...toBoundColumns(budget, limits),
  modelTerms: toStoredModelTerms(modelTerms),
  allowedModels,
});

const fromEntity = (budget: BudgetEntity): SharedBudget => ({
  budgetId: budget.budgetId,
  budget: fromBudgetColumns(budget),
  limits: fromLimitColumns(budget),
  modelTerms: fromStoredModelTerms(budget.modelTerms),
  allowedModels: budget.allowedModels,
  authorship: authorshipOf(budget),
});

/** @throws GW_INVALID_REQUEST */
const assertSharedBudget = ({ budgetId, budget, limits, modelTerms, allowedModels }: SharedBudget): void => {
  assertId(budgetId, 'budget_id');
  assertBudget(budget);
  assertLimits(limits);
  assertModelTerms(modelTerms);
  assertNames(allowedModels, 'allowed_models');
};
