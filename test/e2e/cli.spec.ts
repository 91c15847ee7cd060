// The turnpike command as people type it, and as their old scripts go on typing it.
import { describe, expect, it, jest } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chat, exchange, okJson, send } from './client.js';
import {
  begun,
  eventually,
  MASTER_KEY,
  readText,
  ROOT,
  run,
  startGateway,
  withGateway,
  type Gateway,
} from './harness.js';
import { connections, everyModelOf, ollama, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(60_000);

const LITELLM = join(ROOT, 'node_modules', '.bin', 'litellm');
const config = { model_list: everyModelOf('echo', 'openai') };

const namesOf = async (gateway: Gateway, key: string): Promise<string[]> =>
  (await okJson(send(gateway, '/v1/models?return_wildcard_routes=true', { key }))).data.map(
    ({ id }: { id: string }) => id,
  );

const SENSELESS = [
  { args: ['--prot', '4000'], says: /unknown option '--prot'\n.*--port/ },
  { args: ['--port', 'abc'], says: /--port.*abc.*whole number/ },
  { args: ['--port', '70000'], says: /65535/ },
  { args: ['--num_workers', '0'], says: /--num-workers.*whole number from 1/ },
  { args: ['--config'], says: /--config.*argument missing/ },
  { args: ['--config', 'nowhere.yaml'], says: /nowhere\.yaml does not exist/ },
  { args: ['bogus'], says: /unknown command 'bogus'\n\(There are gateway, ledger, config, import, health, help\.\)/ },
  { args: ['gatway', '--port', '0'], says: /unknown command 'gatway'\n\(Did you mean gateway\?\)/ },
  { args: ['confg', 'check'], says: /unknown command 'confg'\n\(Did you mean config\?\)/ },
  { args: ['litellm_config.yaml'], says: /'litellm_config\.yaml' is no command.*--config litellm_config\.yaml/ },
  { args: ['gateway', 'now'], says: /'now' is one word too many/ },
  { args: ['health', 'now'], says: /too many arguments for 'health'/ },
];
const refused = begun(SENSELESS, ({ args }, queued) => queued(() => run({ args })));

const KEYLESS = 'model_list:\n  - model_name: echo\n    litellm_params: {model: echo/echo}\n';
const UNUSABLE = [
  { what: 'no master key under --strict', text: KEYLESS, args: ['--strict'], says: /There is no master_key/ },
  {
    what: 'no master key where one is required',
    text: `${KEYLESS}general_settings: {require_auth: true}\n`,
    says: /require_auth is true, but there is no master_key/,
  },
  {
    what: 'a master key without its prefix',
    text: 'general_settings:\n  master_key: hunter2\n',
    says: /config\.yaml:2: .*sk-/,
  },
  {
    what: 'a master key whose variable nobody set',
    text: 'general_settings:\n  master_key: os.environ/NOBODY\n',
    says: /config\.yaml:2: .*NOBODY/,
  },
  {
    what: 'an entry that names no model',
    text: 'model_list:\n  - model_name: a\n',
    says: /config\.yaml:2: a needs litellm_params/,
  },
  { what: 'YAML with a slip', text: 'model_list:\n  - {model_name: a\n', says: /config\.yaml:\d+/ },
];
const stopped = begun(UNUSABLE, ({ text, args }, queued) =>
  queued(() => run({ files: { 'config.yaml': text }, ...(args && { args }) })),
);

const OLD_LINES = [
  {
    what: 'the plain one',
    file: 'litellm_config.yaml',
    args: ['--config', 'litellm_config.yaml', '--port', '0', '--verbose'],
  },
  {
    what: 'a container’s, for eight workers',
    file: 'app/config.yaml',
    args: ['--config', 'app/config.yaml', '--port', '0', '--num_workers', '8'],
  },
  { what: 'a container’s, in one word', file: 'app/config.yaml', args: ['--config=app/config.yaml', '--port=0'] },
  {
    what: 'one with flags of another server',
    file: 'config.yaml',
    args: '-c config.yaml --port 0 --run_gunicorn --telemetry False --use_queue --detailed_debug'.split(' '),
  },
];
const oldLine = begun(OLD_LINES, ({ file, args }, queued) => {
  const files = { [file]: JSON.stringify(config) };
  const env = { LITELLM_MASTER_KEY: 'sk-1234' };
  return queued(() =>
    withGateway({ command: LITELLM, files, args, env }, async (gateway) => {
      const answer = await okJson(chat(gateway, { model: 'echo/echo' }, { key: 'sk-1234' }));
      if (args.includes('--verbose')) await gateway.waitForOutput(/routed to/);
      return { output: gateway.output(), content: answer.choices[0].message.content };
    }),
  );
});

const SPELLINGS = [
  {
    what: 'with underscores',
    args: ['--keepalive_timeout', '75', '--max_requests_before_restart', '9', '--drop_params'],
  },
  { what: 'with hyphens', args: ['--keepalive-timeout', '75', '--max-requests-before-restart', '9', '--drop-params'] },
  { what: 'with an equals sign', args: ['--keepalive_timeout=75', '--max-requests-before-restart=9', '--drop_params'] },
];
const spelling = begun(SPELLINGS, ({ args }, queued) =>
  queued(() =>
    withGateway({ config: { model_list: everyModelOf('anthropic') }, args }, async (gateway) => {
      const keepAlive = (await send(gateway, '/health/liveliness')).headers.get('keep-alive');
      const { status } = await chat(gateway, { model: 'anthropic/claude-sonnet-4-5', logit_bias: { 1: 1 } });
      return { keepAlive, isParameterDropped: status === 200 };
    }),
  ),
);

describe('command lines', () => {
  it.each(OLD_LINES)('of litellm start this gateway: $what', async (one) => {
    const { file, args } = one;
    const { output, content } = await oldLine(one);
    expect(output).toContain(`config   ${file}`);
    expect(content).toBe('Hello');
    if (args.includes('--verbose')) expect(output).toMatch(/echo\/echo routed to echo\/echo: success/);
    if (args.includes('8')) expect(output).toContain('(8 workers)');
  });

  it.each(SPELLINGS)('take flags $what', async (one) => {
    expect(await spelling(one)).toEqual({ keepAlive: 'timeout=75', isParameterDropped: true });
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

  it.each(SENSELESS)('that cannot be meant are refused: $args', async (one) => {
    const { code, stdout, stderr } = await refused(one);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(one.says);
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

describe('`*` for every provider whose key is in the environment', () => {
  const all = { model_list: [{ model_name: '*', litellm_params: { model: '*' } }] };

  it('sends a name to the provider that its prefix or the name itself tells', async () => {
    const env = { ANTHROPIC_API_KEY: PROVIDER_KEY, ANTHROPIC_BASE_URL: connections.anthropic.api_base };
    await withGateway({ config: all, env }, async (gateway) => {
      expect(gateway.output()).toMatch(/models +anthropic\/\*\n/);
      expect(gateway.output()).toContain('"model":"anthropic/<model>"');
      for (const model of ['claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5']) {
        const { choices } = await okJson(chat(gateway, { model }));
        expect(choices[0].message.content).toBe('Mock answer to: Hello');
      }
      for (const model of ['gpt-4o', 'openai/gpt-4o', 'nobody-knows-me'])
        expect((await chat(gateway, { model })).status).toBe(400);
    });
  });

  it('is off where there is none: nobody is guessed, and nothing is offered', async () => {
    const off = /\* → \* is off: .*every provider whose key is in the environment, and there is none/;
    const check = await run({ config: all, args: ['config', 'check'] });
    expect([check.code, check.stdout]).toEqual([0, expect.stringMatching(off)]);
    expect(check.stdout).not.toMatch(/taken as an? OpenAI/i);
    await withGateway({ config: all }, async (gateway) => {
      await gateway.waitForOutput(off);
      expect(gateway.output()).toMatch(/models +none\n/);
      expect(gateway.output()).not.toContain('Try it');
      expect((await chat(gateway, { model: 'gpt-4o' })).status).toBe(400);
    });
  });
});

describe('with a configuration file that has no master key', () => {
  it('models are open to all, management is not, and both are said at the start', async () => {
    await withGateway({ files: { 'config.yaml': KEYLESS } }, async (gateway) => {
      expect(gateway.output()).toContain('There is no master_key, so everyone who reaches the gateway may use it');
      expect((await chat(gateway, { model: 'echo' }, { key: null })).status).toBe(200);
      expect((await send(gateway, '/plugins', { key: null })).status).toBe(401);
      const { warnings } = await okJson(send(gateway, '/health/readiness', { key: null }));
      expect(warnings).toEqual([expect.stringContaining('There is no master_key')]);
    });
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

  it.each(UNUSABLE)('$what', async (one) => {
    const { code, stdout, stderr } = await stopped(one);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(one.says);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

it('Ctrl-C ends gateway and ledger, in this order and without a word', async () => {
  const gateway = await startGateway({ config, hasLedger: true });
  const answer = await chat(gateway, { model: 'echo/m', messages: [{ role: 'user', content: 'Hello' }] });
  const callId = answer.headers.get('x-litellm-call-id')!;
  await answer.text();
  const told = await okJson(send(gateway, `/calls/${callId}`));
  gateway.interrupt();
  const { code, stderr } = await gateway.ended;
  expect([code, stderr]).toEqual([0, '']);
  // It has let go of its data directory, where the ledger knows what became of the call.
  const next = await startGateway({ hasLedger: true, folder: gateway.folder, env: { LITELLM_MASTER_KEY: MASTER_KEY } });
  const { attempts, ...logged } = await okJson(send(next, `/calls/${callId}`));
  expect(attempts).toEqual(told.attempts);
  expect(logged).toMatchObject({
    callId,
    model: told.model,
    statusCode: 200,
    usage: told.usage,
    costUsd: told.costUsd,
  });
  await next.kill();
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
