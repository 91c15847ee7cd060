// The turnpike command as people type it, and as their old scripts go on typing it.
import { describe, expect, it, jest } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chat, exchange, okJson, send } from './client.js';
import { eventually, newFolder, readText, ROOT, run, startGateway, type Gateway } from './harness.js';
import { connections, deployment, everyModelOf, ollama, openAi, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(60_000);

const FIXTURES = join(ROOT, 'libs', 'config', 'test', 'fixtures');
const LITELLM = join(ROOT, 'node_modules', '.bin', 'litellm');
const config = { model_list: everyModelOf('echo', 'openai') };

/** Runs a check against a gateway that ends when the check does. */
const withGateway = async (
  options: Parameters<typeof startGateway>[0],
  check: (gateway: Gateway) => Promise<void>,
): Promise<void> => {
  const gateway = await startGateway(options);
  try {
    await check(gateway);
  } finally {
    await gateway.kill();
  }
};

const namesOf = async (gateway: Gateway, key: string): Promise<string[]> =>
  (await okJson(send(gateway, '/v1/models?return_wildcard_routes=true', { key }))).data.map(
    ({ id }: { id: string }) => id,
  );

describe('command lines', () => {
  it.each<[string, string, string[]]>([
    ['the plain one', 'litellm_config.yaml', ['--config', 'litellm_config.yaml', '--port', '0', '--verbose']],
    [
      'a container’s, for eight workers',
      'app/config.yaml',
      ['--config', 'app/config.yaml', '--port', '0', '--num_workers', '8'],
    ],
    ['a container’s, in one word', 'app/config.yaml', ['--config=app/config.yaml', '--port=0']],
    [
      'one with flags of another server',
      'config.yaml',
      ['-c', 'config.yaml', '--port', '0', '--run_gunicorn', '--telemetry', 'False', '--use_queue', '--detailed_debug'],
    ],
  ])('of litellm start this gateway: %s', async (_title, file, args) => {
    await withGateway(
      { command: LITELLM, files: { [file]: JSON.stringify(config) }, args, env: { LITELLM_MASTER_KEY: 'sk-1234' } },
      async (gateway) => {
        expect(gateway.output()).toContain(file);
        const answer = await okJson(chat(gateway, { model: 'echo/echo' }, { key: 'sk-1234' }));
        expect(answer.choices[0].message.content).toBe('Hello');
        if (args.includes('--verbose')) await gateway.waitForOutput(/echo\/echo routed to echo\/echo: success/);
      },
    );
  });

  it.each([
    ['with underscores', ['--keepalive_timeout', '75', '--max_requests_before_restart', '10000', '--drop_params']],
    ['with hyphens', ['--keepalive-timeout', '75', '--max-requests-before-restart', '10000', '--drop-params']],
    ['with an equals sign', ['--keepalive_timeout=75', '--max-requests-before-restart=10000', '--drop_params']],
  ])('take flags %s', async (_title, args) => {
    await withGateway({ config: { model_list: everyModelOf('anthropic') }, args }, async (gateway) => {
      expect((await send(gateway, '/health/liveliness')).headers.get('keep-alive')).toBe('timeout=75');
      // Refused without --drop_params.
      await okJson(chat(gateway, { model: 'anthropic/claude-sonnet-4-5', logit_bias: { 1: 1 } }));
    });
  });

  it('take the same from variables, and flags win', async () => {
    await withGateway(
      { config, args: ['--keepalive_timeout', '9'], env: { KEEPALIVE_TIMEOUT: '75', PORT: '1' } },
      async (gateway) => {
        expect((await send(gateway, '/health/liveliness')).headers.get('keep-alive')).toBe('timeout=9');
      },
    );
  });

  it('serve one model without a file', async () => {
    const args = ['--model', 'ollama/llama2', '--api_base', ollama.url, '--alias', 'mine', '--temperature', '0.5'];
    await withGateway({ args, env: { LITELLM_MASTER_KEY: 'sk-1234' } }, async (gateway) => {
      expect(await namesOf(gateway, 'sk-1234')).toEqual(['mine']);
      await okJson(chat(gateway, { model: 'mine' }, { key: 'sk-1234' }));
      expect(ollama.requests.at(-1)!.body).toMatchObject({ model: 'llama2', options: { temperature: 0.5 } });
    });
  });

  it.each(SENSELESS)('that cannot be meant are refused: %j', async (...one) => {
    const { code, stdout, stderr } = await senseless(one);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(reason);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  });

  it('tell the version and every flag', async () => {
    const [version, help] = await Promise.all([run({ args: ['--version'] }), run({ args: ['--help'] })]);
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(help.stdout).toContain('--num-workers <number>');
    expect(help.stdout).not.toContain('gunicorn');
  });
});

describe('without a configuration file', () => {
  it('there is an echo, and every provider whose key is in the environment', async () => {
    const env = {
      OPENAI_API_KEY: PROVIDER_KEY,
      OPENAI_BASE_URL: connections.openai.api_base,
      ANTHROPIC_API_KEY: PROVIDER_KEY,
      ANTHROPIC_BASE_URL: connections.anthropic.api_base,
      LITELLM_MASTER_KEY: 'sk-1234',
    };
    await withGateway({ env }, async (gateway) => {
      expect(await namesOf(gateway, 'sk-1234')).toEqual(['echo', 'anthropic/*', 'openai/*']);
      for (const model of ['gpt-4o', 'openai/gpt-4o', 'claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5']) {
        const { choices } = await okJson(chat(gateway, { model }, { key: 'sk-1234' }));
        expect(choices[0].message.content).toBe('Mock answer to: Hello');
      }
      expect((await chat(gateway, { model: 'gemini/gemini-2.5-flash' }, { key: 'sk-1234' })).status).toBe(400);
    });
  });

  it('a key is made, kept for its owner alone, and not shown where a log may be read', async () => {
    const first = await startGateway({});
    const file = join(first.folder, '.turnpike', 'master-key');
    const key = readText(file).trim();
    expect([statSync(file).mode & 0o777, statSync(join(first.folder, '.turnpike')).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    expect(key).toMatch(/^sk-\S{20,}$/);
    expect(first.output()).toContain('.turnpike/master-key');
    expect(first.output()).not.toContain(key);
    expect((await chat(first, { model: 'echo' }, { key })).status).toBe(200);
    expect((await chat(first, { model: 'echo' }, { key: null })).status).toBe(401);
    await first.kill();

    const second = await startGateway({ folder: first.folder });
    expect((await chat(second, { model: 'echo' }, { key })).status).toBe(200);
    await second.kill();
  });

  it('the key is kept where --data-dir says', async () => {
    await withGateway({ args: ['--data_dir', 'kept/here'] }, async ({ folder }) => {
      expect(existsSync(join(folder, 'kept', 'here', 'master-key'))).toBe(true);
      expect(existsSync(join(folder, '.turnpike'))).toBe(false);
    });
  });
});

describe('with a configuration file that has no master key', () => {
  const open = 'model_list:\n  - model_name: echo\n    litellm_params: {model: echo/echo}\n';

  it('models are open to all, management is not, and both are said at the start', async () => {
    await withGateway({ files: { 'config.yaml': open } }, async (gateway) => {
      expect(gateway.output()).toContain('There is no master_key');
      expect((await chat(gateway, { model: 'echo' }, { key: null })).status).toBe(200);
      expect((await send(gateway, '/plugins', { key: null })).status).toBe(401);
      const { warnings } = await okJson(send(gateway, '/health/readiness', { key: null }));
      expect(warnings).toEqual([expect.stringContaining('There is no master_key')]);
    });
  });

  it.each([
    ['--strict', open, ['--strict']],
    ['require_auth', `${open}general_settings: {require_auth: true}\n`, []],
  ])('%s refuses to start', async (_title, text, args) => {
    const { code, stderr } = await run({ files: { 'config.yaml': text }, args });
    expect([code, stderr]).toEqual([1, expect.stringContaining('master_key')]);
  });
});

describe('what stops a start says in a line what to do', () => {
  it.each([
    ['one process', []],
    ['two workers', ['--num_workers', '2']],
  ])('a port that is taken, %s', async (_title, more) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const port = String((server.address() as AddressInfo).port);
    const { code, stdout, stderr } = await run({ config, args: ['--port', port, ...more] });
    server.close();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^Port ${port} is already in use\\. .*--port.*\\n$`));
  });

  it.each<[string, string, RegExp]>([
    ['a master key without its prefix', 'general_settings:\n  master_key: hunter2\n', /config\.yaml:2: .*sk-/],
    ['a master key whose variable nobody set', 'general_settings:\n  master_key: os.environ/NOBODY\n', /:2: .*NOBODY/],
    ['an entry that names no model', 'model_list:\n  - model_name: a\n', /config\.yaml:2: a needs litellm_params/],
    ['YAML with a slip', 'model_list:\n  - {model_name: a\n', /config\.yaml:\d+/],
  ])('%s', async (_title, text, reason) => {
    const { code, stdout, stderr } = await run({ files: { 'config.yaml': text } });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

it('the command ends with its gateway: the exit code is the gateway’s', async () => {
  const gateway = await startGateway({ config });
  gateway.signal('SIGINT');
  const { code } = await gateway.ended;
  expect(code).toBe(0);
  await eventually(
    () =>
      exchange(gateway, '/health/liveliness').then(
        () => 'open',
        () => 'closed',
      ),
    (door) => door === 'closed',
  );
});
