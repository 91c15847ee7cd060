import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  CreateBudgetRequest,
  CreateTagRequest,
  ListTagsRequest,
  UpdateBudgetRequest,
  UpdateTagRequest,
  type PartialOf,
  type Tag,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { anEntry, bytesOf } from '../../test/settlement-world.js';
import { Changes } from '../repositories/changes.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { LeaseDesk } from '../settlement/lease-desk.js';
import { Settlement } from '../settlement/settlement.js';
import { BudgetService } from './budget.service.js';
import type { Caller } from './caller.js';
import { TagService } from './tag.service.js';

const DENIED = { code: 'GW_PERMISSION_DENIED' };
const NOT_FOUND = { code: 'GW_NOT_FOUND' };
const EXISTS = { code: 'GW_ALREADY_EXISTS' };
const INVALID = { code: 'GW_INVALID_REQUEST' };

describeOnEachDatabase('tags', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let tags: TagService;

  beforeAll(async () => {
    ledger = await aLedger(database().storage);
    tags = ledger.get(TagService);
  });
  beforeEach(async () => {
    await clear(database().storage);
    await database().dataSource.query('TRUNCATE turnpike.spend_logs, turnpike.daily_spend');
  });

  const create = async (tag: PartialOf<typeof Tag>, caller: Caller = ADMIN) =>
    (await tags.create(caller, CreateTagRequest.fromPartial({ tag: { name: 'ci', ...tag } }))).tag;
  const update = async (changes: PartialOf<typeof Tag>, updateMask: string[], caller: Caller = ADMIN) =>
    (await tags.update(caller, UpdateTagRequest.fromPartial({ changes: { name: 'ci', ...changes }, updateMask }))).tag;
  const list = async (page?: { page: number; size: number }) =>
    await tags.list(ADMIN, ListTagsRequest.fromPartial({ includeUsed: true, page }));
  const maxOf = async (account: string) =>
    (await ledger.get(BalanceBook).read(database().manager, [account])).get(account)?.max;
  const use = async (...used: [tags: string[], cost: number][]) =>
    await ledger
      .get(Settlement)
      .settle(bytesOf(...used.map(([names, cost]) => anEntry({ tags: names, cost, endedAt: Date.now() }))));

  it('are made, changed and deleted by admins, with word to gateways and the audit log', async () => {
    const since = await ledger.get(Changes).latest(database().manager);
    const made = await create({
      description: 'Pipelines',
      models: ['d1'],
      modelInfo: { d1: 'gpt' },
      limits: { rpm: 5 },
    });
    expect(made).toMatchObject({
      name: 'ci',
      description: 'Pipelines',
      models: ['d1'],
      isStored: true,
      spendNanoUsd: 0,
    });
    expect(await update({ budget: { maxNanoUsd: 5, duration: '1d' } }, ['budget'])).toMatchObject({
      description: 'Pipelines',
      budget: { maxNanoUsd: 5, duration: '1d', resetAt: expect.any(Date) },
    });
    await expect(create({})).rejects.toMatchObject(EXISTS);
    await tags.delete(ADMIN, { name: 'ci' });
    await expect(tags.delete(ADMIN, { name: 'ci' })).rejects.toMatchObject(NOT_FOUND);
    const { changes } = await ledger.get(Changes).since(database().manager, since);
    expect(changes).toEqual(Array(3).fill({ kind: 'tag', id: 'ci' }));
    const rows = await database().dataSource.query<object[]>(
      'SELECT action, table_name, object_id FROM turnpike.audit_log ORDER BY updated_at',
    );
    expect(rows).toEqual(
      ['created', 'updated', 'deleted'].map((action) => ({ action, table_name: 'LiteLLM_TagTable', object_id: 'ci' })),
    );
  });

  it('bound what may be spent with them, also by model and by a budget that is shared', async () => {
    await create({ budget: { maxNanoUsd: 5 }, modelTerms: { m: { budget: { maxNanoUsd: 2 } } } });
    expect([await maxOf('tag:ci'), await maxOf('tag:ci|model:m')]).toEqual([5, 2]);
    const desk = ledger.get(LeaseDesk);
    const ask = async () => (await desk.lease('h', [{ account: 'tag:ci', needed: 4, returned: 0 }]))[0]!.granted;
    expect(await ask()).toBeGreaterThanOrEqual(4);
    expect(await ask()).toBeLessThanOrEqual(1);

    const budgets = ledger.get(BudgetService);
    const budget = { budgetId: 'small', budget: { maxNanoUsd: 3 } };
    await budgets.create(ADMIN, CreateBudgetRequest.fromPartial({ budget }));
    await update({ budgetId: 'small' }, ['budget', 'budget_id', 'model_terms']);
    expect([await maxOf('tag:ci'), await maxOf('tag:ci|model:m')]).toEqual([3, undefined]);
    const changes = { budgetId: 'small', budget: { maxNanoUsd: 4 } };
    await budgets.update(ADMIN, UpdateBudgetRequest.fromPartial({ changes, updateMask: ['budget'] }));
    expect(await maxOf('tag:ci')).toBe(4);
    await tags.delete(ADMIN, { name: 'ci' });
    expect(await maxOf('tag:ci')).toBeUndefined();
  });

  it('are told with what was spent, and behind them those that were only ever used', async () => {
    await create({ name: 'a' });
    await create({ name: 'b' });
    await use([['b', 'used'], 7], [['free', 'used', '__proto__'], 0], [['b|model:m'], 3]);
    const told = async (page?: { page: number; size: number }) =>
      (await list(page)).tags.map(({ name, spendNanoUsd, isStored }) => [name, spendNanoUsd, isStored]);
    const whole = [
      ['b', 7, true],
      ['a', 0, true],
      ['__proto__', 0, false],
      ['b|model:m', 3, false],
      ['free', 0, false],
      ['used', 7, false],
    ];
    expect(await told()).toEqual(whole);
    expect(await told({ page: 2, size: 2 })).toEqual(whole.slice(2, 4));
    expect(await told({ page: 1, size: 4 })).toEqual(whole.slice(0, 4));
    expect((await list({ page: 2, size: 4 })).page).toMatchObject({ totalCount: 6, totalPages: 2 });
    const { tags: stored } = await tags.list(ADMIN, ListTagsRequest.fromPartial({}));
    expect(stored).toHaveLength(2);
    expect((await tags.get(ADMIN, { names: ['b', 'used', "'; DROP TABLE x", 'a\0'] })).tags).toMatchObject([
      { name: 'b', spendNanoUsd: 7 },
    ]);
  });

  it.each<[string, PartialOf<typeof Tag>]>([
    ['no name', { name: ' ' }],
    ['a control character', { name: 'c\ni' }],
    ['a NUL', { description: 'a\0' }],
    ['a negative budget', { budget: { maxNanoUsd: -1 } }],
    ['no number', { budget: { maxNanoUsd: NaN } }],
    ['no duration', { budget: { duration: 'ever' } }],
    ['a budget that does not exist', { budgetId: 'gone' }],
    ['a large map', { modelInfo: { text: 'x'.repeat(70_000) } }],
  ])('are refused with %s', async (_title, tag) => {
    await expect(create(tag)).rejects.toMatchObject(INVALID);
  });

  it('are not for others', async () => {
    await create({});
    const [ann, viewer] = [aCaller('internal_user', 'ann'), aCaller('proxy_admin_viewer', 'vic')];
    for (const caller of [ann, viewer]) {
      await expect(create({ name: 'x' }, caller)).rejects.toMatchObject(DENIED);
      await expect(update({}, [], caller)).rejects.toMatchObject(DENIED);
      await expect(tags.delete(caller, { name: 'ci' })).rejects.toMatchObject(DENIED);
    }
    await expect(tags.get(ann, { names: ['ci'] })).rejects.toMatchObject(DENIED);
    await expect(tags.list(ann, ListTagsRequest.fromPartial({}))).rejects.toMatchObject(DENIED);
    expect((await tags.get(viewer, { names: ['ci'] })).tags).toHaveLength(1);
    await expect(update({ spendNanoUsd: 5 }, ['spend_nano_usd'])).rejects.toMatchObject(INVALID);
    await expect(update({ name: 'gone' }, [])).rejects.toMatchObject(NOT_FOUND);
  });
});
