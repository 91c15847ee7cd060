import { beforeEach, describe, expect, it } from '@jest/globals';
import { hashOf } from '../../../../test/services/litellm-database.js';
import { aCall, aRequest, countOf, describeImport, inHours, problemsOf, TOKEN, utc } from '../../test/import-world.js';
import { ADMIN } from '../../test/services.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { ImportService } from '../services/import.service.js';
import { AuthorizeService } from '../services/authorize.service.js';
import { KeyService } from '../services/key.service.js';

describeImport('an import that is run again, or only tried', (world) => {
  describe('a second time', () => {
    beforeEach(async () => {
      await world.old.insert('LiteLLM_BudgetTable', { budget_id: 'b', max_budget: 5 });
      await world.old.insert('LiteLLM_TeamTable', {
        team_id: 't',
        spend: 2,
        members_with_roles: [{ user_id: 'u', role: 'user' }],
      });
      await world.old.insert('LiteLLM_UserTable', { user_id: 'u', spend: 3 });
      await world.old.insert('LiteLLM_VerificationToken', {
        token: TOKEN,
        spend: 1,
        max_budget: 9,
        team_id: 't',
        budget_id: 'b',
      });
      await world.take();
    });

    const everything = (): Promise<unknown> =>
      Promise.all(
        ['balances', 'virtual_keys', 'teams', 'team_memberships', 'users', 'budgets', 'changes', 'imported_spend'].map(
          (table) => world.query(`SELECT * FROM turnpike.${table} t ORDER BY t::text`),
        ),
      );

    it('changes nothing, counts nothing twice, and says what it left as it was', async () => {
      const before = await everything();
      const report = await world.take();
      expect(await everything()).toEqual(before);
      for (const [noun, number] of [
        ['keys', 1],
        ['teams', 1],
        ['users', 1],
        ['budgets', 1],
        ['team_memberships', 1],
        ['spend', 3],
      ] as const)
        expect([noun, countOf(report, noun)]).toEqual([noun, [number, 0, 0, number, 0, 0]]);
    });

    it('adds what was spent there since to what was spent here', async () => {
      await new BalanceBook().post(world.database().manager, [{ account: `key:${TOKEN}`, spent: 7, total: 7 }]);
      await world.old.query(`UPDATE "LiteLLM_VerificationToken" SET spend = 1.25`);
      expect(countOf(await world.take(), 'spend')).toEqual([3, 0, 1, 2, 0, 0]);
      expect(await world.keyOf()).toMatchObject({ spendNanoUsd: 1.25e9 + 7 });
      await world.take();
      expect(await world.keyOf()).toMatchObject({ spendNanoUsd: 1.25e9 + 7 });
    });

    it('takes what is new there', async () => {
      await world.old.insert('LiteLLM_VerificationToken', { token: hashOf('sk-another'), team_id: 't' });
      expect(countOf(await world.take(), 'keys')).toEqual([2, 1, 0, 1, 0, 0]);
    });

    it('leaves what was changed here, unless it is to be overwritten', async () => {
      await world.ledger.get(KeyService).update(ADMIN, {
        key: TOKEN,
        changes: { ...(await world.keyOf()), budget: { maxNanoUsd: 4e9, softNanoUsd: undefined, resetAt: undefined } },
        updateMask: ['budget.max_nano_usd'],
        duration: '',
      });
      expect(countOf(await world.take(), 'keys')).toEqual([1, 0, 0, 1, 0, 0]);
      expect((await world.keyOf()).budget?.maxNanoUsd).toBe(4e9);
      expect(countOf(await world.take({ overwrite: true }), 'keys')).toEqual([1, 0, 1, 0, 0, 0]);
      expect(await world.keyOf()).toMatchObject({ budget: { maxNanoUsd: 9e9 }, spendNanoUsd: 1e9 });
      expect(await world.balanceOf(`key:${TOKEN}`)).toMatchObject({ spent: 1e9 });
      expect(countOf(await world.take({ overwrite: true }), 'keys')).toEqual([1, 0, 0, 1, 0, 0]);
    });

    it('that is given up on its way leaves what it has done, and the next one does the rest', async () => {
      const tokens = Array.from({ length: 1_100 }, (_, at) => hashOf(`sk-${at}`));
      await world.old.query(
        `INSERT INTO "LiteLLM_VerificationToken" (token, spend) SELECT t, 0.5 FROM unnest('{${tokens.join(',')}}'::text[]) t`,
      );
      const giveUp = new AbortController();
      const steps = world.ledger
        .get(ImportService)
        .importDatabase(ADMIN, aRequest({ databaseUrl: world.old.url }), giveUp.signal);
      const all = async (): Promise<void> => {
        for await (const { step } of steps)
          if (step?.$case === 'progress' && step.progress.noun === 'keys') giveUp.abort(new Error('enough'));
      };
      await expect(all()).rejects.toThrow('enough');
      expect(await world.rowsIn('virtual_keys')).toBe(500);
      expect(countOf(await world.take(), 'keys')).toEqual([1_101, 601, 0, 500, 0, 0]);
      expect(await world.rowsIn('balances')).toBe(1_103);
    });

    it.each([false, true])(
      'brings no key back that was deleted or replaced here, overwriting: %p',
      async (overwrite) => {
        await world.ledger.get(KeyService).delete(ADMIN, { keys: [TOKEN], keyAliases: [] });
        const report = await world.take({ overwrite });
        expect(countOf(report, 'keys')).toEqual([1, 0, 0, 0, 0, 1]);
        expect(problemsOf(report)).toContain(`${TOKEN}: was deleted or replaced here since: it does not come back`);
        await expect(world.ledger.get(AuthorizeService).authorize(TOKEN)).rejects.toMatchObject({
          code: 'GW_NOT_FOUND',
        });
      },
    );
  });

  it('writes nothing in a dry run, and tells what a real one then does', async () => {
    await world.old.insert('LiteLLM_BudgetTable', { budget_id: 'b', max_budget: 5 });
    await world.old.insert('LiteLLM_OrganizationTable', {
      organization_id: 'o',
      organization_alias: 'O',
      budget_id: 'b',
    });
    await world.old.insert('LiteLLM_TeamTable', { team_id: 't', organization_id: 'o', spend: 2 });
    await world.old.insert(
      'LiteLLM_VerificationToken',
      { token: TOKEN, spend: 1, team_id: 't' },
      { token: hashOf('sk-2'), team_id: 'none' },
    );
    await world.old.insert('LiteLLM_DeprecatedVerificationToken', {
      token: hashOf('sk-0'),
      active_token_id: TOKEN,
      revoke_at: utc(inHours(2)),
    });
    await world.old.insert('LiteLLM_DailyUserSpend', {
      user_id: 'u',
      date: '2026-01-02',
      api_key: TOKEN,
      spend: 1,
      api_requests: 2,
    });
    await world.old.insert('LiteLLM_SpendLogs', aCall('r-1'));
    const dry = await world.take({ dryRun: true, includeSpendLogs: true });
    expect(dry.dryRun).toBe(true);
    for (const table of [
      'virtual_keys',
      'teams',
      'budgets',
      'balances',
      'imported_rows',
      'imported_spend',
      'daily_spend',
      'spend_logs',
      'audit_log',
    ])
      expect([table, await world.rowsIn(table)]).toEqual([table, 0]);
    const real = await world.take({ includeSpendLogs: true });
    expect(real.counts).toEqual(dry.counts);
    expect(real.problems).toEqual(dry.problems);
    expect(countOf(real, 'keys')).toEqual([2, 1, 0, 0, 1, 0]);
    expect(await world.rowsIn('virtual_keys')).toBe(1);
  });
});
