// Requests that nobody should send: each gets a clear error or a closed connection, and the next request works.
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  bodyOf,
  CHAT,
  chatBytes,
  expectError,
  gatewayPid,
  isRunning,
  head,
  raw,
  residentMb,
} from './bad-input.harness.js';
import { chat, exchange, jsonOf, messages, send, type Json } from './client.js';
import { sleep, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, openAi, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;
let pid: number;

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      model_list: [
        ...everyModelOf('openai'),
        deployment('gpt', 'openai/gpt-4o'),
        deployment('same', 'openai/same'),
        deployment('claude', 'anthropic/claude-sonnet-4-5'),
        deployment('gemini', 'gemini/gemini-2.5-flash'),
      ],
    },
  });
  pid = gatewayPid(gateway);
});

afterEach(async () => {
  expect((await chat(gateway, { model: 'gpt' })).status).toBe(200);
  expect(isRunning(pid)).toBe(true);
  expect(gateway.output()).not.toMatch(/unhandled|uncaught|failed unexpectedly|could not be ended/i);
  openAi.reset();
});

const post = async (body: string | Buffer | object, headers: Record<string, string> = {}, path = CHAT) => {
  const answer = await send(gateway, path, { body, headers });
  return { status: answer.status, headers: answer.headers, body: await jsonOf(answer) };
};

const received = (): Json => openAi.requests.at(-1)!.body;

describe('a body that is no JSON object', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['empty', '', /^The body is empty\. Send one JSON object\.$/],
    ['blank', ' \n ', /not valid JSON/],
    ['cut off', '{"model":"gpt"', /not valid JSON: .*position 14/],
    ['in single quotes', "{'model':'gpt'}", /not valid JSON: .*position 1/],
    ['with a trailing comma', '{"model":"gpt",}', /not valid JSON: .*position 15/],
    ['with NaN', '{"temperature":NaN}', /not valid JSON/],
    ['with a comment', '{"model":"gpt"/* the best */}', /not valid JSON/],
    ['two documents', '{"model":"gpt"}{"model":"gpt"}', /not valid JSON/],
    ['with a control character in a string', '{"model":"a\u0001"}', /not valid JSON: Bad control character/],
    ['with a byte order mark', '\ufeff{"model":"gpt"}', /not valid JSON/],
    ['HTML', '<html></html>', /not valid JSON/],
    ['a form', 'model=gpt&messages=x', /not valid JSON/],
    ['a null', 'null', /must be one JSON object/],
    ['an array', '[{"model":"gpt"}]', /must be one JSON object/],
    ['a string', '"model"', /must be one JSON object/],
    ['a number', '1', /must be one JSON object/],
    ['bytes that are no UTF-8', Buffer.from('{"model":"\xff\xfe"}', 'latin1'), /not valid UTF-8/],
    ['an overlong form', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), /not valid UTF-8/],
    ['half a surrogate pair as bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not valid UTF-8/],
    ['UTF-16', Buffer.from('{"model":"gpt"}', 'utf16le'), /not valid JSON/],
    ['random bytes', Buffer.from([0x00, 0x1f, 0x8b, 0xff]), /not valid UTF-8/],
  ])('%s', async (_, body, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expectError(answer.body, 400, { message, param: null });
  });

  it('never quotes the prompt, which could end up in a log', async () => {
    const { body } = await post('{"messages":[{"content":"my secret diary"}],}');
    expect(body.error.message).not.toContain('diary');
  });
});

describe('a field of the wrong type', () => {
  const wrong = (values: readonly unknown[], ...fields: string[]): [string, unknown][] =>
    fields.flatMap((field) => values.map((value): [string, unknown] => [field, value]));

  describe.each(['gpt', 'claude'])('that the gateway reads itself, model %s', (model) => {
    it.each([
      ...wrong([5, true, {}, ['gpt'], null, ''], 'model'),
      ...wrong(['true', 1, 0, {}, []], 'stream'),
      ...wrong([true, -1, 0, 'soon', '', [5], {}], 'timeout', 'stream_timeout'),
      ...wrong(['yes', 1, {}], 'drop_params'),
      ...wrong(['n', 5, {}, [5], Array(51).fill('n'), ['n'.repeat(201)]], 'additional_drop_params'),
      ...wrong(['n', 5, {}], 'allowed_openai_params'),
      ...wrong(['x', 5, [], true], 'extra_body', 'extra_headers', 'metadata', 'stream_options'),
      ...wrong(
        [{ a: 5 }, { 'a b': 'x' }, { 'x-a': 'a\r\nb: c' }, { 'x-a': '\u0000' }, { 'x-a': '→' }],
        'extra_headers',
      ),
    ])('%s: %j', async (field, value) => {
      const answer = await post({ model, messages, [field]: value });
      expect(answer.status).toBe(400);
      expectError(answer.body, 400, { message: new RegExp(field), param: field });
    });
  });

  it.each([
    ...wrong(['x', 5, {}, null], 'messages'),
    ...wrong([[5], [null], [[]], [{}], [{ role: 5 }], [{ role: 'robot', content: 'x' }]], 'messages'),
    ...wrong(
      [5, {}, [5], [{}], [{ type: 'smell' }], [{ type: 'text' }], [{ type: 'text', text: 5 }]],
      'messages[0].content',
    ),
    ...wrong([[{ type: 'image_url' }], [{ type: 'image_url', image_url: { url: 5 } }]], 'messages[0].content'),
    ...wrong(['many', 1.5, true, {}, []], 'max_tokens', 'max_completion_tokens', 'seed', 'n', 'top_logprobs'),
    ...wrong(['hot', true, {}, []], 'temperature', 'top_p', 'frequency_penalty', 'presence_penalty'),
    ...wrong([5, {}, [5]], 'stop'),
    ...wrong(['yes', 1, {}], 'logprobs', 'parallel_tool_calls'),
    ...wrong(['x', 5, {}, [5], [{ type: 'function' }], [{ type: 'function', function: { name: 5 } }]], 'tools'),
    ...wrong([[{ type: 'function', function: { name: 'f', parameters: 5 } }]], 'tools'),
    ...wrong(['sometimes', 5, {}], 'tool_choice'),
    ...wrong(['x', 5, [], {}, { type: 'xml' }, { type: 'json_schema' }], 'response_format'),
    ...wrong(['a lot', 5, {}], 'reasoning_effort'),
    ...wrong(['x', 5, []], 'thinking'),
    ...wrong([5, {}], 'user'),
  ])('that is translated for another dialect: %s: %j', async (field, value) => {
    const place =
      field === 'messages[0].content' ? { messages: [{ role: 'user', content: value }] } : { [field]: value };
    const answer = await post({ model: 'claude', messages, max_tokens: 5, ...place });
    expect(answer.status).toBe(400);
    expectError(answer.body, 400, { param: expect.stringContaining(field.replace('[0].content', '')) as never });
  });

  it.each([
    ['/v1/completions', 'claude', 'prompt'],
    ['/v1/embeddings', 'gemini', 'input'],
  ])('%s with a wrong %s', async (path, model, field) => {
    for (const value of [5, {}, [{}], true]) {
      const answer = await post({ model, [field]: value }, {}, path);
      expect(answer.status).toBe(400);
      expectError(answer.body, 400, { message: new RegExp(`'${field}`), param: field });
    }
  });

  it.each(['soon', '0', '-5', '1e999', '5, 6', 'NaN'])('a header x-litellm-timeout: %s', async (value) => {
    const answer = await post({ model: 'gpt', messages }, { 'x-litellm-timeout': value });
    expect(answer.status).toBe(400);
    expectError(answer.body, 400, { message: /number of seconds above 0/, param: 'timeout' });
  });
});

describe('the model', () => {
  it.each<[string, unknown, RegExp, string]>([
    ['is missing', undefined, /'model' is required\. GET \/v1\/models/, '400'],
    ['is unknown', 'nope', /Invalid model name passed in model=nope\. Call `\/v1\/models`/, 'model_not_found'],
    ['is a URL', 'http://169.254.169.254/latest', /must be a model name, not a URL/, '400'],
    ['is a URL in capitals', 'HTTPS://evil.example', /not a URL/, '400'],
    ['is a file', 'file:///etc/passwd', /not a URL/, '400'],
    ['is too long', `openai/${'a'.repeat(600)}`, /longer than 512 characters/, '400'],
    ['holds a line end', 'openai/a\r\nx-evil: 1', /characters that no name has/, '400'],
    ['holds a NUL', 'openai/a\u0000', /characters that no name has/, '400'],
    ['holds half a surrogate pair', 'openai/\ud800', /characters that no name has/, '400'],
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'].map(
      (name): [string, string, RegExp, string] => [`is called ${name}`, name, /Invalid model name/, 'model_not_found'],
    ),
  ])('%s', async (_, model, message, code) => {
    const answer = await post({ model, messages });
    expect(answer.status).toBe(400);
    expectError(answer.body, 400, { message, param: 'model', code });
    expect(openAi.requests).toHaveLength(0);
  });

  it('may hold anything that can be printed, and stands encoded in the header', async () => {
    const answer = await chat(gateway, { model: 'openai/modèle-😀' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-litellm-model-group')).toBe('openai%2Fmod%C3%A8le-%F0%9F%98%80');
    expect(received().model).toBe('modèle-😀');
  });

  it.each(['/engines/same/chat/completions', '/openai/deployments/same/chat/completions?api-version=2024-10-21'])(
    'in the path wins over the one in the body: %s',
    async (path) => {
      expect((await post({ model: 'gpt', messages }, {}, path)).status).toBe(200);
      expect(received().model).toBe('same');
    },
  );

  it.each([
    ['the routed one last', '{"model":"gpt","messages":[],"x":1,"model":"same"}', 'same'],
    ['the routed one last, under its own name', '{"model":"same","messages":[],"model":"gpt"}', 'gpt-4o'],
    ['one of them hidden by escapes', String.raw`{"mod\u0065l":"gpt","messages":[],"model":"same"}`, 'same'],
    ['the last one hidden by escapes', String.raw`{"model":"gpt","messages":[],"mod\u0065l":"same"}`, 'same'],
  ])('twice, %s: every reader upstream finds the one that was routed', async (_, body, routed) => {
    await post(body);
    const { rawBody } = openAi.requests.at(-1)!;
    const models = [...rawBody.toString().matchAll(/"mod(?:e|\\u0065)l":"([^"]*)"/g)].map(([, model]) => model);
    expect(models).toEqual([routed, routed]);
  });

  it('in GET /v1/models is unknown, not an error of ours, whatever it is called', async () => {
    for (const name of ['constructor', '__proto__', '...', '%00', 'a'.repeat(1_900), encodeURIComponent('x\r\ny')]) {
      const answer = await send(gateway, `/v1/models/${name}`);
      expect(answer.status).toBe(404);
      expectError(await jsonOf(answer), 404, { message: /does not exist/, param: 'model' });
    }
  });
});

describe('fields with telling names', () => {
  it.each([
    'api_base',
    'api_key',
    'base_url',
    'api_version',
    'user_config',
    'model_list',
    'organization',
    'custom_llm_provider',
    'aws_secret_access_key',
    'vertex_credentials',
  ])('%s is refused, also inside extra_body', async (field) => {
    for (const [place, param] of [
      [{ [field]: 'http://evil.example' }, field],
      [{ extra_body: { [field]: 'http://evil.example' } }, `extra_body.${field}`],
    ] as const) {
      const answer = await post({ model: 'gpt', messages, ...place });
      expect(answer.status).toBe(400);
      expectError(answer.body, 400, { message: /Clients may not set/, param, code: 'forbidden_parameter' });
      expect(openAi.requests).toHaveLength(0);
    }
  });

  it('extra_headers change nothing about the account or the connection', async () => {
    const evil = Object.fromEntries(
      [
        ...['authorization', 'Authorization', 'api-key', 'X-Api-Key', 'x-goog-api-key', 'openai-organization'],
        ...['openai-project', 'cookie', 'host', 'connection', 'content-length', 'content-type', 'transfer-encoding'],
        ...['expect', 'upgrade', 'keep-alive', 'te', 'trailer', 'proxy-authorization', 'accept-encoding'],
      ].map((name) => [name, 'evil']),
    );
    expect((await post({ model: 'gpt', messages, extra_headers: { ...evil, 'x-mine': 'fine' } })).status).toBe(200);
    const { headers } = openAi.requests.at(-1)!;
    expect(headers).toMatchObject({ authorization: `Bearer ${PROVIDER_KEY}`, 'x-mine': 'fine' });
    expect(JSON.stringify(headers)).not.toContain('evil');
  });

  it.each([
    ['extra_body', { extra_body: { model: 'gpt-expensive', stream: true, seed: 7 } }],
    ['a prototype in extra_body', '{"extra_body":{"seed":7,"__proto__":{"model":"gpt-expensive","stream":true}}}'],
    [
      'a prototype and a parameter to drop from it',
      '{"seed":7,"__proto__":{"model":"gpt-expensive","x":1},"additional_drop_params":["__proto__.x"]}',
    ],
  ])('%s cannot change the model or make it a stream', async (_, more) => {
    const fields = typeof more === 'string' ? more : JSON.stringify(more);
    await post(`{"model":"same","messages":[],${fields.slice(1)}`);
    const sent = openAi.requests.at(-1)!.rawBody.toString();
    expect(JSON.parse(sent)).toMatchObject({ model: 'same', seed: 7 });
    expect(JSON.parse(sent)).not.toHaveProperty('stream');
    expect([...sent.matchAll(/"model":"([^"]+)"/g)][0]![1]).toBe('same');
  });

  it.each(['gpt', 'same'])('names of object methods are fields like any other, model %s', async (model) => {
    const said = '"messages":[{"role":"user","content":"x"}]';
    const fields = '"constructor":{"a":1},"toString":2,"valueOf":null,"hasOwnProperty":[],"__proto__":{"b":3}';
    expect((await post(`{"model":"${model}",${said},${fields},"drop_params":true}`)).status).toBe(200);
    expect(openAi.requests.at(-1)!.rawBody.toString()).toContain(`${said},${fields}}`);
  });

  it.each(['claude', 'gemini'])(
    'names of object methods are names in a schema like any other, model %s',
    async (model) => {
      const parameters =
        '{"type":"object","properties":{"constructor":{"type":"string"},"__proto__":{"type":"string"}}}';
      const tools = `[{"type":"function","function":{"name":"toString","parameters":${parameters}}}]`;
      const said = '[{"role":"user","content":"x","constructor":1,"__proto__":{"role":"system"}}]';
      expect((await post(`{"model":"${model}","max_tokens":5,"messages":${said},"tools":${tools}}`)).status).toBe(200);
    },
  );

  it('what belongs to the gateway never reaches a provider', async () => {
    const own = {
      metadata: { user_api_key_hash: 'x', user_api_key_user_id: 'root', trace: 'mine' },
      litellm_metadata: { user_api_key: 'x' },
      proxy_server_request: { url: 'x' },
      secret_fields: {},
      mock_response: 'cheap',
      litellm_call_id: 'x',
      guardrails: [],
      tags: ['a'],
      'no-log': true,
    };
    const answer = await chat(gateway, { model: 'gpt', ...own });
    expect((await jsonOf(answer)).choices[0].message.content).toContain('Mock answer');
    expect(Object.keys(received())).toEqual(['messages', 'model']);
  });
});

describe('numbers and texts at the edges', () => {
  it.each([
    ['NUL characters', '"a\\u0000b"'],
    ['half surrogate pairs', '"\\ud800 \\udfff"'],
    ['noncharacters', '"\\uffff\\ufffe"'],
    ['emoji', '"👩‍👩‍👧‍👦"'],
    ['right-to-left marks', '"\\u202e\\u2066"'],
  ])('%s pass as they are', async (_, text) => {
    const body = `{"model":"same","messages":[{"role":"user","content":${text}}]}`;
    expect((await post(body)).status).toBe(200);
    expect(openAi.requests.at(-1)!.rawBody.toString()).toBe(body);
    for (const model of ['claude', 'gemini']) expect((await post(body.replace('same', model))).status).toBe(200);
  });

  it('huge numbers pass as they are, where no translation reads them', async () => {
    const body = `{"model":"same","messages":[],"seed":123456789012345678901234567890,"x":1e999,"y":${'9'.repeat(10_000)}}`;
    await post(body);
    expect(openAi.requests.at(-1)!.rawBody.toString()).toBe(body);
  });

  it.each(['1e999', '9'.repeat(10_000), '-1e999'])('max_tokens: %.20s is refused by a translation', async (number) => {
    const answer = await post(`{"model":"claude","messages":[{"role":"user","content":"x"}],"max_tokens":${number}}`);
    expect(answer.status).toBe(400);
    expectError(answer.body, 400, { param: 'max_tokens' });
  });
});

describe('the content type and encoding', () => {
  it.each([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'application/json5',
    'garbage',
    '"',
  ])('%s: 415', async (type) => {
    const answer = await post({ model: 'gpt', messages }, { 'content-type': type });
    expect(answer.status).toBe(415);
    expectError(answer.body, 415, { message: /Send 'content-type: application\/json'/ });
  });

  it.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.acme+json'])(
    '%s: read',
    async (type) => {
      expect((await post({ model: 'gpt', messages }, { 'content-type': type })).status).toBe(200);
    },
  );

  it('none at all: read as JSON', async () => {
    const body = JSON.stringify({ model: 'gpt', messages });
    const bytes = head(`POST ${CHAT}`, ['connection: close', `content-length: ${body.length}`]) + body;
    expect((await raw(gateway, bytes)).statuses).toEqual([200]);
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'])('content-encoding %s: 415', async (encoding) => {
    const body = gzipSync(JSON.stringify({ model: 'gpt', messages }));
    const answer = await exchange(gateway, CHAT, { body, headers: { 'content-encoding': encoding } });
    expect(answer.status).toBe(415);
    expectError(JSON.parse(answer.body.toString()), 415, { message: /compressed .*without a content-encoding/ });
  });
});

describe('the address', () => {
  it.each([
    ['GET', '/nope', 404],
    ['POST', '/v1/chat/completion', 404],
    ['GET', '/v1//models', 404],
    ['GET', '/%', 400],
    ['GET', '/v1/models/%zz', 400],
    ['GET', '/v1/models/%E0%A4%A', 400],
    ['GET', '/%c0%ae%c0%ae/etc/passwd', 400],
    ['GET', '/../../../etc/passwd', 404],
    ['GET', '/docs/..%2f..%2fpackage.json', 404],
    ['GET', `/${'a/'.repeat(8_000)}`, 404],
    ['GET', `/v1/models/${'a'.repeat(20_000)}`, 404],
    ['POST', `/engines/${'a'.repeat(20_000)}/chat/completions`, 400],
  ])('%s %.60s: %i', async (method, path, status) => {
    const answers = await raw(gateway, head(`${method} ${path}`, ['connection: close', 'content-length: 0']));
    expect(answers.statuses).toEqual([status]);
    expectError(bodyOf(answers), status);
    expect(answers.text.length).toBeLessThan(2_000);
  });

  it.each([
    ['GET', CHAT, 'POST, OPTIONS'],
    ['PUT', `${CHAT}/`, 'POST, OPTIONS'],
    ['DELETE', '/v1/models', 'GET, HEAD, OPTIONS'],
    ['POST', '/v1/models/some/model?x=1', 'GET, HEAD, OPTIONS'],
    ['TRACE', '/v1/embeddings', 'POST, OPTIONS'],
    ['PATCH', '/health', 'GET, HEAD, OPTIONS'],
    ['POST', '/plugins', 'GET, HEAD, OPTIONS'],
  ])('asked with %s, %s: 405 with what it takes', async (method, path, allow) => {
    // What the body holds, or whether it comes at all, is no matter.
    const headers = ['connection: close', 'content-type: text/csv', 'content-length: 10'];
    const answers = await raw(gateway, `${head(`${method} ${path}`, headers)}half`);
    expect(answers).toMatchObject({ statuses: [405], text: expect.stringContaining(`allow: ${allow}\r\n`) });
    const takes = allow.replace(', OPTIONS', '');
    expectError(bodyOf(answers), 405, { message: new RegExp(` takes ${takes}, not ${method}\\.$`) });
  });

  it('asked with HEAD: 405 without a body where GET is not taken', async () => {
    const answers = await raw(gateway, head(`HEAD ${CHAT}`, ['connection: close']));
    expect(answers.statuses).toEqual([405]);
    expect(answers.text).toMatch(/allow: POST, OPTIONS\r\n[^{]*\r\n\r\n$/);
  });

  it.each([
    [CHAT, 204, 'POST, OPTIONS'],
    ['/v1/models', 204, 'GET, HEAD, OPTIONS'],
    ['/nope', 404, undefined],
  ])('asked with OPTIONS, %s: %i, and without a key', async (path, status, allow) => {
    const answer = await fetch(gateway.url + path, { method: 'OPTIONS' });
    expect([answer.status, answer.headers.get('allow') ?? undefined]).toEqual([status, allow]);
  });

  it('longer than all headers may be: 431', async () => {
    const answers = await raw(gateway, head(`GET /${'a'.repeat(100_000)}`));
    expect(answers).toMatchObject({ statuses: [431], isClosed: true });
    expectError(bodyOf(answers), 431, { message: /larger than 32 KB/ });
  });
});

describe('the connection', () => {
  it.each<[string, string | Buffer]>([
    ['garbage', 'garbage\r\n\r\n'],
    ['TLS on the plain port', Buffer.from('16030100a5010000a10303', 'hex')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a version that is none', 'GET /health/liveness HTTP/9.9\r\nhost: x\r\n\r\n'],
    ['an unknown method', head('BREW /coffee')],
    ['two lengths', head(`POST ${CHAT}`, ['content-length: 2', 'content-length: 3']) + '{}'],
    ['a negative length', head(`POST ${CHAT}`, ['content-length: -2'])],
    ['an endless length', head(`POST ${CHAT}`, [`content-length: ${'9'.repeat(30)}`])],
    ['length and chunks', head(`POST ${CHAT}`, ['content-length: 5', 'transfer-encoding: chunked']) + '0\r\n\r\n'],
    ['a hidden transfer-encoding', head(`POST ${CHAT}`, ['transfer-encoding : chunked']) + '0\r\n\r\n'],
    ['a transfer-encoding that is none', head(`POST ${CHAT}`, ['transfer-encoding: xchunked']) + '0\r\n\r\n'],
    ['broken chunks', head(`POST ${CHAT}`, ['transfer-encoding: chunked']) + 'zz\r\n'],
    ['folded headers', head(`POST ${CHAT}`, ['x-a: a\r\n b: c'])],
    ['a NUL in a header', head('GET /health/liveness', ['x-a: \u0000'])],
    ['a lone line feed', head('GET /health/liveness', ['x-a: a\nx-b: c'])],
  ])('%s: 400 and closed', async (_, bytes) => {
    const answers = await raw(gateway, bytes);
    expect(answers).toMatchObject({ statuses: [400], isClosed: true });
    expectError(bodyOf(answers), 400, { message: /not a valid HTTP\/1\.1 request/ });
  });

  it.each([
    ['one huge header', [`x-a: ${'a'.repeat(40_000)}`]],
    ['many headers', Array.from({ length: 5_000 }, (_, index) => `x-${index}: 1`)],
  ])('%s: 431 and closed', async (_, headers) => {
    const answers = await raw(gateway, head('GET /health/liveness', headers));
    expect(answers).toMatchObject({ statuses: [431], isClosed: true });
    expectError(bodyOf(answers), 431, { message: /larger than 32 KB/ });
  });

  it('500 small headers are read', async () => {
    const headers = Array.from({ length: 500 }, (_, index) => `x-${index}: 1`);
    const answers = await raw(gateway, head('GET /health/liveness', [...headers, 'connection: close']));
    expect(answers.statuses).toEqual([200]);
  });

  it('HTTP/1.0 gets its answer', async () => {
    const answers = await raw(gateway, chatBytes({ model: 'gpt', messages }, []).replace('HTTP/1.1', 'HTTP/1.0'));
    expect(answers).toMatchObject({ statuses: [200], isClosed: true });
  });

  it('pipelined requests are answered in their order, bad ones too', async () => {
    const answers = await raw(
      gateway,
      chatBytes({ model: 'openai/mock-slow-100', messages }, []) +
        chatBytes('{', []) +
        chatBytes({ model: 'nope', messages }, []) +
        chatBytes({ model: 'gpt', messages }),
    );
    expect(answers).toMatchObject({ statuses: [200, 400, 400, 200], isClosed: true });
  });

  it('Expect: 100-continue is told to go on', async () => {
    const body = JSON.stringify({ model: 'gpt', messages });
    const answers = await raw(gateway, (socket) => {
      const headers = ['expect: 100-continue', 'connection: close', 'content-type: application/json'];
      socket.write(head(`POST ${CHAT}`, [...headers, `content-length: ${body.length}`]));
      socket.once('data', () => socket.write(body));
    });
    expect(answers.statuses).toEqual([100, 200]);
  });

  it('a client that closes its half gets the answer or a close, and its call ends upstream', async () => {
    const ask = (model: string) => raw(gateway, (socket) => socket.end(chatBytes({ model, messages }, [])));
    const answers = await Promise.all(['gpt', 'openai/mock-slow-300', 'openai/mock-pace-50'].map(ask));
    for (const { isClosed, statuses } of answers) {
      expect(isClosed).toBe(true);
      expect([[], [200]]).toContainEqual(statuses);
    }
    for (let waited = 0; openAi.inFlight > 0 && waited < 2_000; waited += 20) await sleep(20);
    expect(openAi.inFlight).toBe(0);
  });

  it('a client that leaves in the middle of its body is forgotten', async () => {
    const begun = head(`POST ${CHAT}`, ['content-type: application/json', 'content-length: 1000']) + '{"model":';
    const leave = () => raw(gateway, (socket) => socket.write(begun, () => socket.destroy()));
    await Promise.all(Array.from({ length: 50 }, leave));
    expect(openAi.requests).toHaveLength(0);
  });

  it('a call id with what no header may hold is replaced', async () => {
    for (const id of ['a b', 'x'.repeat(200), 'a;b', '<script>', '"']) {
      const { headers } = await chat(gateway, { model: 'gpt' }, { headers: { 'x-litellm-call-id': id } });
      expect(headers.get('x-litellm-call-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
    const { headers } = await chat(gateway, { model: 'gpt' }, { headers: { 'x-litellm-call-id': 'mine-1.2:3' } });
    expect(headers.get('x-litellm-call-id')).toBe('mine-1.2:3');
  });
});

describe('floods, in bounded memory', () => {
  const MAX_GROWTH_MB = 250;
  let before: number;

  beforeAll(() => {
    before = residentMb(pid);
  });

  afterEach(() => expect(residentMb(pid) - before).toBeLessThan(MAX_GROWTH_MB));

  const HUNDRED_MB = 100 * 1024 * 1024;
  const piece = Buffer.alloc(1024 * 1024, 'a');

  /** Writes up to 100 MB as fast as they are taken, and stops when the gateway stops reading. */
  const pour = (socket: Socket, frame: (piece: Buffer) => Buffer): void => {
    let sent = 0;
    const more = (): void => {
      while (sent < HUNDRED_MB && !socket.destroyed) {
        sent += piece.length;
        if (!socket.write(frame(piece))) return void socket.once('drain', more);
      }
    };
    more();
  };

  const isEnough = (text: string): boolean => text.endsWith('}}');

  it('100 MB with their length said: 413 before they are sent', async () => {
    const answers = await raw(gateway, head(`POST ${CHAT}`, [`content-length: ${HUNDRED_MB}`]), { isEnough });
    expect(answers.statuses).toEqual([413]);
    const expected = { message: /larger than 50 MB\. Send less, or raise/, code: 'request_too_large' };
    expectError(bodyOf(answers), 413, expected);
  });

  it('100 MB with their length said, sent all the same: 413', async () => {
    const write = (socket: Socket): void => {
      socket.write(head(`POST ${CHAT}`, [`content-length: ${HUNDRED_MB}`]));
      pour(socket, (bytes) => bytes);
    };
    const answers = await raw(gateway, write, { isEnough });
    expect(answers.statuses).toEqual([413]);
  });

  it('100 MB in chunks: 413', async () => {
    const write = (socket: Socket): void => {
      socket.write(head(`POST ${CHAT}`, ['transfer-encoding: chunked']));
      pour(socket, (bytes) => Buffer.concat([Buffer.from('100000\r\n'), bytes, Buffer.from('\r\n')]));
    };
    const answers = await raw(gateway, write, { isEnough });
    expect(answers.statuses).toEqual([413]);
  });

  it('200 clients that send a byte now and then do not keep others waiting', async () => {
    const slow = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const bytes = index % 2 === 0 ? chatBytes({ model: 'gpt', messages }) : head('GET /health');
        const answers = raw(
          gateway,
          (socket) => {
            let at = 0;
            const timer = setInterval(() => {
              if (socket.destroyed) clearInterval(timer);
              else socket.write(bytes.slice(at, (at += 1)));
            }, 100);
          },
          { patienceMs: 1_000 },
        );
        await sleep(0);
        return { answers };
      }),
    );
    const start = performance.now();
    for (let index = 0; index < 20; index += 1) expect((await chat(gateway, { model: 'gpt' })).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(1_000);
    for (const { answers } of slow) expect((await answers).statuses).toEqual([]);
  });

  it('5,000 bad requests at once, then a good one', async () => {
    const bad = [
      'garbage\r\n\r\n',
      chatBytes('{'),
      chatBytes({ model: 'nope' }),
      head('GET /nope', ['connection: close']),
    ];
    for (let wave = 0; wave < 5; wave += 1) {
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => raw(gateway, bad[index % 4]!, { patienceMs: 20_000 })),
      );
      const counts = Object.groupBy(answers, ({ statuses, isClosed }) => `${statuses.join()} ${isClosed}`);
      expect(Object.keys(counts).sort()).toEqual(['400 true', '404 true']);
    }
  });
});
