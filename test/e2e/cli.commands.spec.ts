// The commands beside the gateway itself: looking at a configuration, importing one, asking for health.
import { describe, expect, it, jest } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chat, okJson, send, type Json } from './client.js';
import { newFolder, readText, ROOT, run, withGateway } from './harness.js';
import { connections, deployment, everyModelOf, openAi, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(60_000);

const FIXTURES = join(ROOT, 'libs', 'config', 'test', 'fixtures');
const config = { model_list: everyModelOf('echo', 'openai') };

describe('config check', () => {
  const check = (text: string, ...args: string[]) =>
    run({
      files: { 'litellm_config.yaml': text },
      args: ['config', 'check', ...args],
      env: { LITELLM_MASTER_KEY: 'sk-1' },
    });

  const SLIPS =
    'model_list:\n  - model_name: a\n    litellm_params:\n      model: openai/a\n      api_key: os.environ/NOT_THERE\n' +
    'router_settings:\n  num_retrys: 3\n';

  it('is content with what would start', async () => {
    const { code, stdout } = await check(JSON.stringify(config));
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ok: 2 deployments, /m)]);
  });

  it('passes, and tells with file and line what is misspelt and what is off', async () => {
    const { code, stdout } = await check(SLIPS);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning: litellm_config\.yaml:7: .*num_retrys.*num_retries/m);
    expect(stdout).toMatch(/^warning: litellm_config\.yaml:5: .*NOT_THERE/m);
    expect(stdout).toMatch(/^off: a → openai\/a is off: .*\(litellm_config\.yaml:2\)/m);
  });

  it('fails on the same where it is to be strict', async () => {
    const { code, stdout, stderr } = await check(SLIPS, '--strict');
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/litellm_config\.yaml:7: .*num_retrys/);
  });

  it('fails where a start would, with file and line', async () => {
    const { code, stdout, stderr } = await check('model_list:\n  - model_name: a\n');
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('litellm_config.yaml:2: a needs litellm_params');
  });

  it('sends nothing anywhere', async () => {
    await check(JSON.stringify({ ...config, litellm_settings: { validate_api_keys: true } }));
    expect(openAi.requests).toHaveLength(0);
  });
});

describe('config show', () => {
  it('prints the canonical structure without any secret', async () => {
    const secrets = {
      LITELLM_MASTER_KEY: 'sk-the-master-key-000',
      LITELLM_SALT_KEY: 'salt-of-the-earth-000',
      DATABASE_URL: 'postgresql://user:dbpassword000@db:5432/x',
      PROVIDER: 'sk-provider-key-000000',
    };
    const { code, stdout } = await run({
      files: {
        'config.yaml': JSON.stringify({
          model_list: [
            deployment('a', 'openai/gpt-4o', {
              api_key: 'os.environ/PROVIDER',
              headers: { Authorization: 'Bearer header-secret-000' },
            }),
          ],
          litellm_settings: { cache: true, cache_params: { type: 'redis', host: 'h', password: 'redis-secret-000' } },
        }),
      },
      args: ['config', 'show'],
      env: secrets,
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      deployments: [{ modelName: 'a', provider: 'provider.openai', connection: { api_key: expect.any(String) } }],
    });
    expect(stdout).not.toMatch(/the-master-key|of-the-earth|dbpassword|provider-key|header-secret|redis-secret/);
  });
});

describe('config import', () => {
  const blueprint = { 'blueprint-config.json': readText(join(FIXTURES, 'blueprint-clouds.json')) };

  it('makes a configuration that starts, and overwrites none', async () => {
    const args = ['config', 'import', 'blueprint-config.json', '-o', 'config.yaml'];
    const folder = newFolder(blueprint);
    expect(await run({ folder, args })).toMatchObject({ code: 0, stdout: '' });
    const written = readText(join(folder, 'config.yaml'));
    const again = await run({ folder, args });
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('config.yaml')]);
    expect(readText(join(folder, 'config.yaml'))).toBe(written);

    const env = {
      LITELLM_MASTER_KEY: 'sk-1234',
      OPENAI_API_KEY: PROVIDER_KEY,
      OPENAI_BASE_URL: connections.openai.api_base,
      ANTHROPIC_API_KEY: PROVIDER_KEY,
      ANTHROPIC_BASE_URL: connections.anthropic.api_base,
    };
    await withGateway({ folder, env }, async (gateway) => {
      const { data } = await okJson(send(gateway, '/v1/models', { key: 'sk-1234' }));
      expect(data).toHaveLength(4);
      const answers = data.map(({ id: model }: Json) => okJson(chat(gateway, { model }, { key: 'sk-1234' })));
      for (const answer of await Promise.all(answers)) expect(answer.object).toBe('chat.completion');
    });
  });

  it('prints it when no file is named', async () => {
    const { code, stdout } = await run({ files: blueprint, args: ['config', 'import', 'blueprint-config.json'] });
    expect([code, stdout]).toEqual([0, expect.stringContaining('model: anthropic/claude-3-5-sonnet-20241022')]);
  });

  it.each([
    ['a file that is not there', {}, /cannot be read/],
    ['a file that is not JSON', { 'blueprint-config.json': '{' }, /is not JSON/],
  ])('refuses %s', async (_title, files, reason) => {
    const { code, stderr } = await run({ files, args: ['config', 'import', 'blueprint-config.json'] });
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
  });
});

describe('health', () => {
  it('is 0 for a gateway that is ready, with what it lacks', async () => {
    const lacking = [{ model_name: 'a', litellm_params: { model: 'openai/a', api_key: 'os.environ/NOT_THERE' } }];
    await withGateway({ config: { model_list: lacking } }, async ({ port }) => {
      const { code, stdout } = await run({ args: ['health', '--port', String(port)] });
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^ready \(degraded: .*NOT_THERE/)]);
    });
  });

  it('finds the port and the path in the variables, as a container has them', async () => {
    const env = { SERVER_ROOT_PATH: '/llm' };
    await withGateway({ config, env }, async ({ port }) => {
      expect(await run({ args: ['health'], env: { ...env, PORT: String(port) } })).toMatchObject({
        code: 0,
        stdout: 'ready\n',
      });
    });
  });

  it('is 1 where nobody answers', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, stdout } = await run({ args: ['health', '--port', String(port)] });
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^not ready: .*ECONNREFUSED/)]);
  });
});
