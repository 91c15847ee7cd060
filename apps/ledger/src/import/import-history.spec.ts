import { beforeEach, describe, expect, it } from '@jest/globals';
import { sealed } from '../../../../test/services/litellm-database.js';
import { aCall, countOf, describeImport, problemsOf, TOKEN } from '../../test/import-world.js';
import { DailySpend } from '../spend/daily-spend.js';
import { SpendLogs } from '../spend/spend-logs.js';
import { SecretBox } from '../storage/secret-box.js';
import { placeOfCredential, placeOfModel } from '../storage/secret-places.js';

describeImport('stored models and what was spent before', (world) => {
  describe('stored models and credentials', () => {
    const secrets = new SecretBox('salt');
    beforeEach(async () => {
      await world.old.insert('LiteLLM_TeamTable', { team_id: 't' });
      await world.old.insert(
        'LiteLLM_ProxyModelTable',
        {
          model_id: 'm-1',
          model_name: 'fast',
          litellm_params: {
            model: sealed('openai/gpt-4o'),
            api_key: sealed('sk-upstream', 'v2'),
            rpm: 5,
            api_base: 'https://a.example',
          },
          model_info: { id: 'm-1', team_id: 't', team_public_model_name: 'public' },
        },
        {
          model_id: 'm-2',
          model_name: 'slow',
          litellm_params: { model: sealed('openai/o3'), api_key: sealed('sk-lost', 'v3', 'another salt') },
        },
      );
      await world.old.insert('LiteLLM_CredentialsTable', {
        credential_id: 'c-1',
        credential_name: 'openai',
        credential_values: { api_key: sealed('sk-of-the-credential') },
        credential_info: { description: 'd' },
      });
    });

    it('are opened with its key and sealed with ours; what does not open is left out, and named', async () => {
      const report = await world.take();
      expect([countOf(report, 'models'), countOf(report, 'credentials')]).toEqual([
        [2, 2, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
      ]);
      expect(problemsOf(report)).toEqual(['m-2: litellm_params.api_key does not decrypt: left out']);
      const rows = await world.query<{ model_id: string; litellm_params: string }>(
        'SELECT * FROM turnpike.models ORDER BY model_id',
      );
      expect(rows[0]).toMatchObject({ team_id: 't', team_public_model_name: 'public' });
      const params = rows.map((row) => JSON.parse(secrets.open(row.litellm_params, placeOfModel(row.model_id))));
      expect(params).toEqual([
        { model: 'openai/gpt-4o', api_key: 'sk-upstream', rpm: 5, api_base: 'https://a.example' },
        { model: 'openai/o3' },
      ]);
      const [credential] = await world.query<{ credential_values: string }>('SELECT * FROM turnpike.credentials');
      expect(secrets.open(credential!.credential_values, placeOfCredential('c-1'))).toBe(
        '{"api_key":"sk-of-the-credential"}',
      );
      expect(JSON.stringify(rows) + JSON.stringify(credential) + JSON.stringify(report)).not.toContain('sk-upstream');
      expect(countOf(await world.take({ overwrite: true }), 'models')).toEqual([2, 0, 0, 2, 0, 0]);
    });

    it.each([
      ['no key', ''],
      ['the wrong one', 'sk-wrong'],
    ])('stay there with %s, each with its reason', async (_, saltKey) => {
      const report = await world.take({ saltKey });
      expect([countOf(report, 'models'), countOf(report, 'credentials')]).toEqual([
        [2, 0, 0, 0, 2, 0],
        [1, 0, 0, 0, 1, 0],
      ]);
      expect(problemsOf(report).join('\n')).toMatch(
        /m-1: litellm_params\.model .*\n.*m-2: litellm_params\.model|c-1: none/,
      );
    });
  });

  it('takes over the sums of days as they are there, once', async () => {
    await world.old.insert('LiteLLM_TeamTable', { team_id: 't' });
    await world.old.insert('LiteLLM_VerificationToken', { token: TOKEN, team_id: 't' });
    const day = {
      date: '2026-01-02',
      api_key: TOKEN,
      model: 'gpt-4o',
      model_group: 'fast',
      custom_llm_provider: 'openai',
    };
    const sums = {
      prompt_tokens: 10,
      completion_tokens: 5,
      spend: 0.25,
      api_requests: 2,
      successful_requests: 1,
      failed_requests: 1,
    };
    await world.old.insert(
      'LiteLLM_DailyUserSpend',
      { user_id: 'u', endpoint: '/a', ...day, ...sums },
      { user_id: 'u', endpoint: '/b', ...day, ...sums },
    );
    await world.old.insert('LiteLLM_DailyTagSpend', { tag: 'prod', ...day, ...sums });
    await world.old.insert('LiteLLM_DailyUserSpend', { user_id: 'u', ...day, ...sums, date: 'someday' });
    const report = await world.take();
    expect(countOf(report, 'days')).toEqual([3, 2, 0, 0, 1, 0]);
    const period = { from: '2026-01-01', to: '2026-01-31' };
    const daily = new DailySpend(world.database().dataSource);
    expect(await daily.sums(['team', 'provider'], period)).toEqual([
      expect.objectContaining({ team: 't', provider: 'openai', spend: 0.5e9, requests: 4, inputTokens: 20 }),
    ]);
    expect(await daily.sums(['tag'], period)).toEqual([expect.objectContaining({ tag: 'prod', spend: 0.25e9 })]);
    expect(countOf(await world.take(), 'days')).toEqual([3, 0, 0, 2, 1, 0]);
    await world.old.query(`UPDATE "LiteLLM_DailyUserSpend" SET spend = 0.5 WHERE endpoint = '/a'`);
    expect(countOf(await world.take(), 'days')).toEqual([3, 0, 1, 1, 1, 0]);
    expect((await daily.total(period)).spend).toBe(0.75e9);
  });

  it('takes over single calls where they are asked for, once, and charges nobody for them', async () => {
    await world.old.insert(
      'LiteLLM_SpendLogs',
      aCall('r-1'),
      aCall('r-2', { status: 'failure', api_key: 'litellm_proxy_master_key', spend: 0 }),
      aCall('r-old', { startTime: '2025-06-01', endTime: '2025-06-01' }),
      aCall('r-odd', { startTime: '1999-01-01', endTime: '1999-01-01' }),
    );
    expect(problemsOf(await world.take())).toEqual([': single calls were not asked for']);
    const since = { includeSpendLogs: true, spendLogsSince: new Date('2026-01-01') };
    expect(countOf(await world.take(since), 'spend_logs')).toEqual([2, 2, 0, 0, 0, 0]);
    const report = await world.take({ includeSpendLogs: true });
    expect(countOf(report, 'spend_logs')).toEqual([4, 1, 0, 2, 1, 0]);
    expect(problemsOf(report)).toEqual([expect.stringContaining('r-odd: id: its time must lie between 2020 and 2100')]);
    const { logs } = await new SpendLogs(world.database().dataSource).list({ keys: [TOKEN] }, { size: 10 });
    expect(logs).toHaveLength(2);
    expect(logs[0]).toMatchObject({
      callId: 'r-1',
      cost: 1_000_000,
      operation: 'chat',
      group: 'fast',
      provider: 'openai',
      tags: ['prod'],
    });
    expect(JSON.stringify(logs)).not.toContain('prompt"');
    expect(await world.rowsIn('balances')).toBe(0);
  });
});
