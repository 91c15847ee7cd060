// Tags: what is known of the words that requests carry, and what may be spent with them.
import { Inject, Injectable } from '@nestjs/common';
import { accountName } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import {
  Tag,
  type CreateTagRequest,
  type DeleteTagRequest,
  type GetTagsRequest,
  type GetTagsResponse,
  type ListTagsRequest,
  type ListTagsResponse,
  type UpdateTagRequest,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { TagRepository } from '../repositories/tag.repository.js';
import type { TagEntity } from '../schema/entities/tag.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { authorOf, type Caller } from './caller.js';
import { boundsOf, effectiveTerms, type ScopedBound } from './effective-terms.js';
import { applyMask } from './field-mask.js';
import { NOW, type Now } from './ledger-settings.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { assertAdmin, assertSeesAll } from './permissions.js';
import { Recorder, type Deed, type Trace } from './recorder.js';
import { textOf } from './stored-terms.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { fromTagEntity, toTagColumns, usedTag } from './tag.mapper.js';
import {
  assertBudget,
  assertId,
  assertJson,
  assertLimits,
  assertModelTerms,
  assertName,
  assertNames,
} from './terms.js';

const FIXED: (keyof Tag)[] = ['name', 'spendNanoUsd', 'isStored', 'authorship'];
const MAX_DESCRIPTION = 4_096;

type TagAnswer = Promise<{ tag: Tag }>;

@Injectable()
export class TagService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: TagRepository,
    private readonly budgets: BudgetRepository,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
    @Inject(NOW) private readonly now: Now,
  ) {}

  async create(caller: Caller, request: CreateTagRequest): TagAnswer {
    assertAdmin(caller, 'make tags');
    const asked = request.tag ?? Tag.fromPartial({});
    assertTag(asked);
    const { name } = asked;
    const meanings = { tags_pkey: () => alreadyExists(`The tag '${name}'`, 'name') };
    return await this.transact(async (manager) => {
      const author = authorOf(caller);
      const columns = { ...toTagColumns(asked), tagName: name, createdBy: author, updatedBy: author };
      const tag = await this.repository.insert(manager, columns);
      await this.bounds.change(manager, [], await this.boundsOf(manager, tag));
      return await this.record(manager, caller, { action: 'created', id: name, after: tag }, tag);
    }, meanings);
  }

  async update(caller: Caller, request: UpdateTagRequest): TagAnswer {
    assertAdmin(caller, 'change tags');
    const changes = request.changes ?? Tag.fromPartial({});
    const { name } = changes;
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, name);
      const wished = applyMask(fromTagEntity(before), changes, request.updateMask ?? [], FIXED);
      assertTag(wished);
      const columns = { ...toTagColumns(wished), updatedBy: authorOf(caller) };
      const tag = await this.repository.update(manager, name, columns);
      await this.bounds.change(manager, await this.boundsOf(manager, before), await this.boundsOf(manager, tag!));
      return await this.record(manager, caller, { action: 'updated', id: name, before, after: tag }, tag!);
    });
  }

  /** What was spent with it is not counted any more; whoever goes on using it begins with nothing. */
  async delete(caller: Caller, { name }: DeleteTagRequest): TagAnswer {
    assertAdmin(caller, 'delete tags');
    return await this.transact(async (manager) => {
      const before = await this.lock(manager, name);
      const [message] = await this.toMessages(manager, [before]);
      await this.repository.delete(manager, [name]);
      await this.bounds.close(manager, [accountName('tag', name)]);
      await this.recorder.record(manager, caller, traceOfTag({ action: 'deleted', id: name, before }));
      return { tag: message! };
    });
  }

  /** Unknown ones are not in the answer. */
  async get(caller: Caller, { names }: GetTagsRequest): Promise<GetTagsResponse> {
    assertSeesAll(caller, 'see tags');
    return await storing(async () => {
      const { manager } = this.dataSource;
      return { tags: await this.toMessages(manager, await this.repository.findMany(manager, names)) };
    });
  }

  async list(caller: Caller, { page, includeUsed }: ListTagsRequest): Promise<ListTagsResponse> {
    assertSeesAll(caller, 'see tags');
    const query = toPageQuery(page);
    return await storing(async () => {
      const { manager } = this.dataSource;
      const { rows, totalCount } = await this.repository.page(manager, query);
      const stored = await this.toMessages(manager, rows);
      if (!includeUsed) return { tags: stored, page: pageInfoOf(query, totalCount) };
      // They come after those that are stored: pages go on where the stored ones end.
      const from = Math.max(0, (query.page - 1) * query.size - totalCount);
      const room = query.size - stored.length;
      const used = await this.repository.used(manager, { offset: from, limit: room, now: new Date(this.now()) });
      return {
        tags: [...stored, ...used.rows.map(({ name, spent }) => usedTag(name, spent))],
        page: pageInfoOf(query, totalCount + used.totalCount),
      };
    });
  }

  private async lock(manager: EntityManager, name: string): Promise<TagEntity> {
    const tag = await this.repository.lock(manager, name);
    if (!tag) throw notFound(`The tag '${name.slice(0, 256)}'`, 'name');
    return tag;
  }

  private async boundsOf(manager: EntityManager, tag: TagEntity): Promise<ScopedBound[]> {
    const shared = tag.budgetId ? await this.budgets.find(manager, tag.budgetId) : null;
    return boundsOf(accountName('tag', tag.tagName), effectiveTerms(tag, shared));
  }

  private async toMessages(manager: EntityManager, tags: readonly TagEntity[]): Promise<Tag[]> {
    const ids = tags.map(({ budgetId }) => budgetId).filter((id) => id !== null);
    const shared = new Map((await this.budgets.findMany(manager, ids)).map((budget) => [budget.budgetId, budget]));
    const entities = tags.map((tag) => ({
      account: accountName('tag', tag.tagName),
      terms: effectiveTerms(tag, shared.get(textOf(tag.budgetId))),
    }));
    const spent = await this.bounds.spentOf(manager, entities);
    return tags.map((tag) => fromTagEntity(tag, spent.get(accountName('tag', tag.tagName))));
  }

  private async record(manager: EntityManager, caller: Caller, deed: Omit<Deed, 'table'>, tag: TagEntity): TagAnswer {
    const [message] = await this.toMessages(manager, [tag]);
    await this.recorder.record(manager, caller, traceOfTag(deed));
    return { tag: message! };
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, meanings: Meanings = {}): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }
}

/** @throws GW_INVALID_REQUEST */
const assertTag = (tag: Tag): void => {
  if (tag.name.trim() === '') throw invalidRequest('Name a tag: give name.', 'name');
  assertId(tag.name, 'name');
  if (tag.description.length > MAX_DESCRIPTION) {
    throw invalidRequest(`description has more than ${MAX_DESCRIPTION} characters.`, 'description');
  }
  assertNames(tag.models, 'models');
  assertJson(tag.modelInfo, 'model_info');
  assertName(tag.budgetId, 'budget_id');
  assertBudget(tag.budget);
  assertLimits(tag.limits);
  assertModelTerms(tag.modelTerms);
};

const traceOfTag = (deed: Omit<Deed, 'table'>): Trace => ({
  deeds: [{ ...deed, table: 'tag' }],
  changes: [{ kind: 'tag', id: deed.id }],
});
