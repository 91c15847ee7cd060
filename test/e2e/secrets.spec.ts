// No secret of a configuration comes out again: in no answer, no header, no log line, no page, no crash.
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exchange, messages, send } from './client.js';
import { run, startGateway, type Gateway } from './harness.js';
import { ONE_ATTEMPT, openAi } from './upstreams.js';

jest.setTimeout(30_000);

/** Of every kind and shape; none of them looks like a key but the first two. */
const SECRETS = {
  master: 'sk-the-master-of-all-0123',
  provider: 'sk-bad-provider-4567890123',
  shapeless: 'Zebra/Crossing+At"Noon"=17',
  header: 'Bearer violet.umbrella.tango',
  tenant: 'quiet-harbour-lantern',
  ownHeader: 'marble-staircase-seven',
  urlPassword: 'p@ss:w/rd-of-the-url',
  query: 'query-octopus-parade',
  extra: 'extra-body-walnut-token',
  redis: 'redis-velvet-password',
  database: 'postgres-copper-kettle',
  salt: 'salt-amber-forest-0001',
  callback: 'callback-indigo-secret',
  environment: 'environment-coral-secret',
} as const;

/** As they are, in URLs, in JSON, and in base64 however they stand in what was encoded (`user:password`, `key`). */
const spellingsOf = (secret: string): string[] => {
  const inside = (prefix: string): string =>
    Buffer.from(prefix + secret)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(prefix.length === 0 ? 0 : 4, -1);
  const base64 = ['', 'a', 'ab'].map(inside);
  return [
    secret,
    secret.replace(/^Bearer /, ''),
    encodeURIComponent(secret),
    encodeURI(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
};

const leaksIn = (text: string): string[] =>
  Object.entries(SECRETS).flatMap(([name, secret]) =>
    spellingsOf(secret).flatMap((spelling) => (text.includes(spelling) ? [`${name}: ${spelling}`] : [])),
  );

const withPassword = (url: string): string => url.replace('://', `://user:${encodeURIComponent(SECRETS.urlPassword)}@`);

const config = {
  router_settings: ONE_ATTEMPT,
  model_list: [
    {
      model_name: 'refused-key',
      litellm_params: { model: 'openai/*', api_base: `${openAi.url}/v1`, api_key: SECRETS.provider },
    },
    {
      model_name: '*',
      litellm_params: {
        model: 'openai/*',
        api_base: `${withPassword(openAi.url)}/v1`,
        api_key: SECRETS.shapeless,
        headers: { 'X-Auth': SECRETS.header, 'x-tenant-secret': SECRETS.tenant, 'x-door': SECRETS.ownHeader },
        extra_body: { access_token: SECRETS.extra },
      },
    },
    {
      model_name: 'unreachable',
      litellm_params: {
        model: 'openai/x',
        api_base: `${withPassword('http://127.0.0.1:1')}/v1?key=${SECRETS.query}`,
        api_key: SECRETS.shapeless,
      },
    },
    { model_name: 'azure', litellm_params: { model: 'azure/x', api_base: openAi.url, api_key: SECRETS.shapeless } },
    { model_name: 'gemini', litellm_params: { model: 'gemini/x', api_base: openAi.url, api_key: SECRETS.shapeless } },
    {
      model_name: 'off',
      litellm_params: { model: 'nobody/x', api_key: SECRETS.provider, api_base: withPassword('http://h') },
    },
    {
      model_name: 'wrong',
      litellm_params: { model: 'openai/x', api_key: SECRETS.shapeless, api_base: SECRETS.urlPassword },
    },
  ],
  litellm_settings: {
    cache: true,
    cache_params: { type: 'redis', host: '127.0.0.1', password: SECRETS.redis },
    success_callback: ['langfuse'],
    langfuse_secret_key: SECRETS.callback,
  },
  general_settings: {
    master_key: SECRETS.master,
    database_url: `postgresql://user:${SECRETS.database}@127.0.0.1:1/x`,
    unknown_key: SECRETS.provider,
  },
};

const env = { LITELLM_SALT_KEY: SECRETS.salt, ANTHROPIC_API_KEY: SECRETS.environment };

let gateway: Gateway;
/** What came out since the last test. */
let answers = '';
let read = 0;

beforeAll(async () => {
  gateway = await startGateway({ config, env, args: ['--detailed-debug'] });
});

const ask = async (
  path: string,
  body?: object | string,
  key: string | null = SECRETS.master,
  headers = {},
): Promise<number> => {
  const answer = await exchange(gateway, path, { ...(body !== undefined && { body }), key, headers });
  answers += `${answer.status} ${JSON.stringify(answer.headers)} ${answer.body.toString()}\n`;
  return answer.status;
};

const call = (model: string, more: object = {}): Promise<number> =>
  ask('/v1/chat/completions', { model, messages, ...more });

const expectNoLeak = (text: string): void => expect(leaksIn(text)).toEqual([]);

afterEach(() => {
  const said = answers + gateway.output().slice(read);
  answers = '';
  read = gateway.output().length;
  expectNoLeak(said);
});

it('the search finds a secret in each spelling', () => {
  const { urlPassword, shapeless } = SECRETS;
  for (const text of [
    `http://user:${encodeURIComponent(urlPassword)}@host`,
    `authorization: Basic ${Buffer.from(`user:${urlPassword}`).toString('base64')}`,
    `authorization: Basic ${Buffer.from(`longer-user:${shapeless}:more`).toString('base64')}`,
    JSON.stringify({ key: shapeless }),
  ])
    expect(leaksIn(text)).not.toEqual([]);
});

describe('failed calls', () => {
  it.each([
    '400',
    '401',
    '403',
    '404',
    '429',
    '500',
    '503',
    'html-502',
    'reset',
    'cut',
    'empty',
    'broken-json',
    'first-chunk-error',
  ])('%s', async (word) => {
    for (const stream of [false, true]) {
      const status = await call(`mock-${word}`, { stream });
      // Some words are for streams only, and some break off a stream that has begun.
      expect(status === 200 ? stream || word === 'first-chunk-error' : status >= 400).toBe(true);
    }
  });

  it('a provider that quotes the refused key', async () => {
    expect(await call('refused-key')).toBe(401);
    expect(answers).toContain('Incorrect API key provided: ***');
  });

  it.each(['unreachable', 'wrong', 'gemini'])('%s', async (model) => {
    expect(await call(model)).toBeGreaterThanOrEqual(400);
    expect(await call(model, { stream: true })).toBeGreaterThanOrEqual(400);
  });

  /** Quotes each header: as it is, URL-encoded, and as HTTP's basic authentication would write it. */
  const quoting =
    (status: number, type: string, wrap: (text: string) => string) =>
    (request: IncomingMessage, response: ServerResponse) => {
      const values = Object.values(request.headers).map(String);
      const said = [
        ...values,
        ...values.map(encodeURIComponent),
        ...values.map((value) => `Basic ${Buffer.from(value).toString('base64')}`),
      ];
      response.writeHead(status, { 'content-type': type });
      response.end(wrap(said.join(' | ')));
    };

  it.each<[string, number, string, (text: string) => string]>([
    ['in JSON', 401, 'application/json', (message) => JSON.stringify({ error: { message } })],
    [
      'in every field of it',
      400,
      'application/json',
      (text) => JSON.stringify({ error: { message: text, type: text, code: text, param: text } }),
    ],
    ['in HTML', 502, 'text/html', (text) => `<title>${text}</title>`],
    ['in plain text', 500, 'text/plain', (text) => text],
    ['in an error with status 200', 200, 'application/json', (message) => JSON.stringify({ error: { message } })],
    ['in something that is no JSON', 200, 'application/json', (text) => `{"error": "${text}`],
    [
      'in an error event',
      200,
      'text/event-stream',
      (message) => `data: ${JSON.stringify({ error: { message, type: message } })}\n\n`,
    ],
  ])('a provider that quotes the request %s', async (_, status, type, wrap) => {
    for (const stream of [false, true]) {
      openAi.script(quoting(status, type, wrap));
      expect(await call('gpt-4o', { stream })).toBeGreaterThanOrEqual(400);
    }
  });

  it('requests that are refused here', async () => {
    for (const body of ['{', '{}', { model: 5 }, { model: 'x', api_key: 'mine' }, { model: 'http://x' }])
      expect(await ask('/v1/chat/completions', body)).toBe(400);
    for (const key of [null, 'sk-wrong', `${SECRETS.master}x`])
      expect(await ask('/v1/models', undefined, key)).toBe(401);
    expect(await ask('/nope')).toBe(404);
    expect(await ask('/%')).toBe(400);
  });
});

describe('calls that succeed', () => {
  it.each([{}, { stream: true }, { user: 'x', extra_headers: { 'x-mine': '1' } }])('%j', async (more) => {
    expect(await call('gpt-4o', more)).toBe(200);
    expect(openAi.requests.at(-1)!.headers).toMatchObject({
      authorization: `Bearer ${SECRETS.shapeless}`,
      'x-auth': SECRETS.header,
      'x-door': SECRETS.ownHeader,
    });
  });

  it('are told of in the debug log, masked', () => {
    expect(gateway.output()).toContain('curl -X POST');
  });
});

describe('pages', () => {
  it.each([
    '/health',
    '/health?model=unreachable',
    '/health/readiness',
    '/health/readiness/details',
    '/health/history',
    '/health/latest',
    '/health/backlog',
    '/settings',
    '/active/callbacks',
    '/callbacks/list',
    '/health/liveness',
    '/plugins',
    '/plugins?all=true',
    '/metrics',
    '/routes',
    '/openapi.json',
    '/docs',
    '/v1/models',
    '/v1/models?return_wildcard_routes=true',
  ])('GET %s', async (path) => {
    expect(await ask(path)).toBe(200);
  });

  it('the start page', () => {
    expect(gateway.output()).toContain('the configured master key');
  });
});

describe('the command line', () => {
  it.each(['show', 'check', 'check --strict'])('config %s', async (command) => {
    const { stdout, stderr } = await run({ config, env, args: ['config', ...command.split(' ')] });
    expect(stdout + stderr).not.toBe('');
    expectNoLeak(stdout + stderr);
  });

  const entry = `{ model_name: a, litellm_params: { model: openai/x, api_key: '${SECRETS.provider}`;

  it.each<[string, string]>([
    ['a quote that is not closed', `model_list:\n  - ${entry} } }\n`],
    ['a tab', `general_settings:\n\tmaster_key: ${SECRETS.master}\n`],
    ['a key twice', `general_settings:\n  master_key: ${SECRETS.master}\n  master_key: ${SECRETS.provider}\n`],
    ['a list where an object belongs', `general_settings: [${SECRETS.master}]\n`],
    ['a model_list that is a text', `model_list: ${SECRETS.provider}\n`],
    [
      'a key that is a list',
      `model_list:\n  - {model_name: a, litellm_params: {model: openai/x, api_key: [${SECRETS.provider}]}}\n`,
    ],
    [
      'an address that is none',
      `model_list:\n  - {model_name: a, litellm_params: {model: openai/x, api_key: k, api_base: 'http://user:${SECRETS.query}@[bad'}}\n`,
    ],
    [
      'a database that is none',
      `general_settings: {database_url: 'mysql://user:${SECRETS.database}@host/x', master_key: ${SECRETS.master}}\n`,
    ],
    ['a secret in a wrong place', `${SECRETS.provider}: 1\nlitellm_settings: {${SECRETS.master}: true}\n`],
    ['a number that is a secret', `litellm_settings: {request_timeout: '${SECRETS.provider}'}\n`],
  ])('a configuration with %s', async (_, text) => {
    const commands = [
      ['config', 'show'],
      ['--port', '0', '--host', '256.0.0.1'],
    ];
    const files = { 'litellm_config.yaml': text };
    for (const { stdout, stderr } of await Promise.all(commands.map((args) => run({ files, args })))) {
      expect(stdout + stderr).not.toBe('');
      expectNoLeak(stdout + stderr);
    }
  });

  it.each(['throw', 'reject'])('a plugin that breaks the process (%s) after it saw a secret', async (how) => {
    const breaks = { throw: 'setTimeout(() => { throw error; })', reject: 'void Promise.reject(error)' }[how];
    const plugin = `
      import { definePlugin, z } from '@turnpike/plugin-sdk';
      export default definePlugin({
        contract: 'strategy/v1', id: 'strategy.broken', capabilities: ['select'],
        config: z.strictObject({ api_key: z.string() }),
        init: ({ api_key }) => ({ select: { select: () => {
          const error = Object.assign(new TypeError('Invalid URL: http://u:' + api_key + '@h'), { input: 'x?token=' + api_key });
          ${breaks};
          return 0;
        } } }),
      });`;
    const twice = [1, 2].map(() => ({
      model_name: 'a',
      litellm_params: { model: 'openai/x', api_base: `${openAi.url}/v1`, api_key: SECRETS.shapeless },
    }));
    const broken = await startGateway({
      config: {
        model_list: twice,
        plugins: [{ path: './broken.mjs', config: { api_key: SECRETS.shapeless } }],
        router_settings: { routing_strategy: 'broken' },
        general_settings: { master_key: SECRETS.master },
      },
      files: { 'broken.mjs': plugin },
    });
    await send(broken, '/v1/chat/completions', { body: { model: 'a', messages }, key: SECRETS.master }).catch(
      () => undefined,
    );
    const { code, stdout, stderr } = await broken.ended;
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/TypeError: Invalid URL/);
    expectNoLeak(stdout + stderr);
  });
});
