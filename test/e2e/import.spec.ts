// A LiteLLM database is taken over by the command line, and its clients go on with the keys that they have.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { COST_NANO, PRICES, Provider } from '../chaos/world.js';
import { hashOf, LitellmDatabase, OLD_SALT, sealed } from '../services/litellm-database.js';
import { PostgresServer } from '../services/postgres.js';
import { jsonOf, send } from './client.js';
import { eventually, MASTER_KEY, newFolder, run, startGateway, type Ended } from './harness.js';

jest.setTimeout(120_000);

const SECRET = 'sk-of-the-old-gateway';
const PASSWORD = 'velvet-umbrella';

const postgres = await PostgresServer.start();
const provider = await Provider.start();
const oldUrl = await postgres.createDatabase();
const old = await LitellmDatabase.make(oldUrl);
afterAll(async () => {
  await old.close();
  provider.stop();
  await postgres.remove();
});

const config = {
  model_list: [
    {
      model_name: 'paid',
      litellm_params: { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream', ...PRICES },
    },
  ],
};

beforeAll(async () => {
  await old.insert('LiteLLM_TeamTable', { team_id: 't', team_alias: 'Team', models: ['paid'], spend: 2 });
  await old.insert(
    'LiteLLM_VerificationToken',
    { token: hashOf(SECRET), key_alias: 'ci', team_id: 't', spend: 1, max_budget: 1 + COST_NANO / 1e9 },
    { token: hashOf('sk-blocked'), blocked: true },
    { token: 'sk-in-clear-and-secret' },
  );
  await old.insert('LiteLLM_CredentialsTable', {
    credential_id: 'c',
    credential_name: 'openai',
    credential_values: { api_key: sealed('sk-of-the-credential') },
  });
});

describe.each(['embedded', 'postgres'] as const)('turnpike import litellm, into the %s database', (kind) => {
  const folder = newFolder({ 'litellm_config.yaml': JSON.stringify(config) });
  let env: Record<string, string>;
  beforeAll(async () => {
    env = {
      LITELLM_MASTER_KEY: MASTER_KEY,
      LITELLM_SALT_KEY: OLD_SALT,
      TURNPIKE_GRPC_ADDRESS: 'off',
      ...(kind === 'postgres' && { DATABASE_URL: await postgres.createDatabase() }),
    };
  });

  const importing = (...args: string[]): Promise<Ended> =>
    run({ folder, env, args: ['import', 'litellm', '--database-url', oldUrl.replace('@', `:${PASSWORD}@`), ...args] });

  it('tells first what it would do', async () => {
    const { code, stdout, stderr } = await importing('--dry-run');
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toMatch(/^Dry run: nothing was written\.$/m);
    expect(stdout).toMatch(/^keys +3 +2 +0 +1$/m);
  });

  it('then does it, says what it left out, and prints no secret', async () => {
    const { code, stdout, stderr } = await importing();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^The import is done\.$/m);
    expect(stdout).toMatch(/^keys +3 +2 +0 +1$/m);
    expect(stdout).toContain('LiteLLM_VerificationToken sk-...cret: token is no SHA-256');
    for (const secret of [PASSWORD, 'sk-in-clear-and-secret', 'sk-of-the-credential', OLD_SALT, MASTER_KEY])
      expect([secret, `${stdout}${stderr}`.includes(secret)]).toEqual([secret, false]);
  });

  it('and its clients call with the secrets that they have, within the budgets that they had', async () => {
    const gateway = await startGateway({ hasLedger: true, folder, env });
    const call = (key: string): Promise<Response> =>
      send(gateway, '/v1/chat/completions', {
        key,
        body: { model: 'paid', messages: [{ role: 'user', content: 'x' }] },
      });
    await eventually(
      () => call(SECRET),
      ({ status }) => status === 200,
      30_000,
    );
    expect((await call('sk-blocked')).status).toBe(401);
    const info = async (): Promise<number> =>
      (await jsonOf(await send(gateway, `/key/info?key=${hashOf(SECRET)}`))).info.spend;
    await eventually(info, (spend) => spend === 1 + COST_NANO / 1e9);
    const refused = await call(SECRET);
    expect([refused.status, (await jsonOf(refused)).error.type]).toEqual([429, 'budget_exceeded']);

    // Beside the gateway, the ledger that runs is the one that is asked.
    const again = await importing();
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^keys +3 +2 +1$/m)]);
    expect(await info()).toBe(1 + COST_NANO / 1e9);
    await gateway.stop();
  });
});

describe('turnpike import litellm', () => {
  const env = { LITELLM_MASTER_KEY: MASTER_KEY };

  it('names what it lacks', async () => {
    const { code, stderr } = await run({ env, args: ['import', 'litellm'] });
    expect([code, stderr]).toEqual([1, expect.stringContaining('Name it with --database-url')]);
  });

  it('sends no secret in clear to another machine', async () => {
    const { code, stderr } = await run({
      env,
      args: ['import', 'litellm', '--database-url', oldUrl, '--ledger', '192.0.2.1:50051'],
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining('--ledger-ca')]);
  });

  it('says what is wrong with a database that it cannot open', async () => {
    const { code, stderr } = await run({
      env: { ...env, TURNPIKE_GRPC_ADDRESS: 'off' },
      args: ['import', 'litellm', '--database-url', `postgresql://u:${PASSWORD}@127.0.0.1:1/x`],
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/u@127\.0\.0\.1:1\/x cannot be opened: .*ECONNREFUSED/)]);
    expect(stderr).not.toContain(PASSWORD);
  });

  it('prints its report as JSON', async () => {
    const { stdout } = await run({
      env: { ...env, TURNPIKE_GRPC_ADDRESS: 'off' },
      args: ['import', 'litellm', '--database-url', oldUrl, '--dry-run', '--only', 'teams,users', '--json'],
    });
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      counts: [{ noun: 'teams', created: 1 }, { noun: 'users' }, { noun: 'spend', updated: 1 }],
    });
  });
});
