// What providers can do wrong: each fault has one status, one code and one word on retrying, and harms no other call.
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { gatewayPid, isRunning } from './bad-input.harness.js';
import { chat, eventsOf, type Json } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';
import { connections, deployment, everyModelOf, openAi, PROVIDER_KEY, upstreams, ONE_ATTEMPT } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;
let pid: number;

/** A provider of bare sockets: plays `fault` once the request is in. */
let fault: (socket: Socket) => void;
let socketServer: Server;
const sockets = new Set<Socket>();

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

const startSocketServer = (): Promise<number> => {
  socketServer = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (body === undefined || body.length < length) return;
      text = '';
      fault(socket);
    });
  });
  return listen(socketServer);
};

/** A port that nobody listens on. */
const freePort = async (): Promise<number> => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

beforeAll(async () => {
  const bare = `http://127.0.0.1:${await startSocketServer()}/v1`;
  const impatient = { timeout: 0.3, stream_timeout: 0.2 };
  gateway = await startGateway({
    config: {
      router_settings: ONE_ATTEMPT,
      model_list: [
        ...everyModelOf('openai', 'anthropic', 'gemini', 'ollama'),
        deployment('bare', 'openai/bare', { api_base: bare }),
        deployment('bare-claude', 'anthropic/claude-sonnet-4-5', { api_base: bare }),
        deployment('refused', 'openai/x', { api_base: `http://127.0.0.1:${await freePort()}/v1` }),
        deployment('nowhere', 'openai/x', { api_base: 'http://no-such-host.invalid/v1' }),
        deployment('tls', 'openai/x', { api_base: openAi.url.replace('http:', 'https:') }),
        ...['hang', 'stall-2', 'pace-100'].map((word) => deployment(word, `openai/mock-${word}`, impatient)),
        deployment('drip', 'openai/x', { api_base: bare, ...impatient }),
      ],
      general_settings: { max_response_size_mb: 2 },
    },
  });
  pid = gatewayPid(gateway);
});

afterEach(async () => {
  expect((await chat(gateway, { model: 'openai/gpt-4o' })).status).toBe(200);
  expect(isRunning(pid)).toBe(true);
  expect(gateway.output()).not.toMatch(/unhandled|uncaught|failed unexpectedly|could not be ended|MaxListeners/i);
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  socketServer.close();
});

interface Fault {
  status: number;
  code: string;
  type: string;
  /** The client should not repeat it. */
  isFinal?: boolean;
  retryAfter?: string;
}

const TIMEOUT: Fault = { status: 408, code: 'timeout', type: 'timeout_error' };
const CONNECTION: Fault = { status: 503, code: '503', type: 'api_connection_error', retryAfter: '1' };
const OVERLOADED: Fault = { status: 503, code: 'overloaded', type: 'server_error', retryAfter: '1' };
const FAILED: Fault = { status: 500, code: '500', type: 'server_error' };
const UNREADABLE: Fault = { status: 502, code: '502', type: 'server_error' };
const CUT: Fault = { status: 502, code: 'stream_cut', type: 'server_error' };

/** Whose fault it was stands first, whatever the fault and wherever it was found. */
const NAMED = /^provider\.(?:openai|anthropic|gemini|ollama)\b/;

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

const ask = async (body: object, headers: Record<string, string> = {}): Promise<Answer> => {
  const response = await chat(gateway, { max_tokens: 500, ...body }, { headers });
  const answer = { status: response.status, headers: response.headers, text: await response.text() };
  expect(answer.text + JSON.stringify([...answer.headers])).not.toContain(PROVIDER_KEY);
  return answer;
};

const expectFault = ({ status, headers, text }: Answer, fault: Fault, message = /\S/): void => {
  const { error, ...more } = JSON.parse(text);
  const { param, ...rest } = error;
  expect({ status, more, ...rest }).toEqual({
    status: fault.status,
    more: {},
    message: expect.stringMatching(message),
    type: fault.type,
    code: fault.code,
  });
  expect(error.message).toMatch(NAMED);
  expect(param === null || typeof param === 'string').toBe(true);
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-should-retry')).toBe(fault.isFinal ? 'false' : null);
  if (fault.retryAfter !== undefined) expect(headers.get('retry-after')).toBe(fault.retryAfter);
};

/** Whole and as a stream: before its first event a stream fails like a whole answer. */
const expectBothWays = async (body: object, fault: Fault, message?: RegExp): Promise<void> => {
  expectFault(await ask(body), fault, message);
  expectFault(await ask({ ...body, stream: true }), fault, message);
};

/** Chunks, then the error that ended the stream; no `[DONE]`, since it did not end well. */
const brokenStream = async (body: object): Promise<{ chunks: Json[]; error: Json }> => {
  const { status, headers, text } = await ask({ ...body, stream: true });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
  const events = eventsOf(text).map((event) => JSON.parse(event));
  const { error } = events.at(-1);
  expect(error.message).toMatch(NAMED);
  return { chunks: events.slice(0, -1), error };
};

describe('no connection', () => {
  it.each<[string, Fault, RegExp]>([
    ['refused', CONNECTION, /refused the connection/],
    ['nowhere', CONNECTION, /does not resolve|could not be resolved/],
    ['tls', CONNECTION, /could not be reached|closed the connection/],
    ['openai/mock-reset', CONNECTION, /closed the connection/],
  ])('%s', (model, fault, message) => expectBothWays({ model }, fault, message));
});

describe('no answer in time', () => {
  it('the time of the deployment', () => expectBothWays({ model: 'hang' }, TIMEOUT, /within 0\.[23] s|in time/));

  it.each<[string, object, Record<string, string>]>([
    ['the header x-litellm-timeout', {}, { 'x-litellm-timeout': '0.1' }],
    ['the field timeout', { timeout: 0.1 }, {}],
    ['the header x-litellm-stream-timeout', { stream: true }, { 'x-litellm-stream-timeout': '0.1' }],
    ['the field stream_timeout', { stream: true, stream_timeout: 0.1 }, {}],
  ])('%s', async (_, body, headers) => {
    const start = performance.now();
    expectFault(await ask({ model: 'openai/mock-hang', ...body }, headers), TIMEOUT);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('a stream that goes silent', async () => {
    const { chunks, error } = await brokenStream({ model: 'stall-2' });
    expect(chunks).toHaveLength(2);
    expect(error).toMatchObject({ type: 'timeout_error', code: 'timeout' });
  });

  it('a stream that goes on is not too late, however long it takes', async () => {
    const { text } = await ask({ model: 'pace-100', stream: true });
    expect(eventsOf(text).at(-1)).toBe('[DONE]');
  });

  it('a whole answer that drips', async () => {
    fault = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{');
      const timer = setInterval(() => socket.write(' '), 20);
      socket.on('close', () => clearInterval(timer));
    };
    expectFault(await ask({ model: 'drip' }), TIMEOUT);
  });

  it('leaves no call open at the provider', () =>
    eventually(
      () => openAi.inFlight,
      (calls) => calls === 0,
    ));
});

describe.each(['openai', 'anthropic', 'gemini', 'ollama'])('a failed answer of %s', (provider) => {
  it.each<[string, Fault]>([
    ['400', { status: 400, code: '400', type: 'invalid_request_error', isFinal: true }],
    ['401', { status: 401, code: 'invalid_api_key', type: 'authentication_error', isFinal: true }],
    ['403', { status: 403, code: '403', type: 'permission_error', isFinal: true }],
    ['404', { status: 404, code: 'model_not_found', type: 'invalid_request_error', isFinal: true }],
    ['408', TIMEOUT],
    ['413', { status: 413, code: 'request_too_large', type: 'invalid_request_error', isFinal: true }],
    ['422', { status: 422, code: '422', type: 'invalid_request_error', isFinal: true }],
    ['429', { status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error', retryAfter: '1' }],
    ['429-30', { status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error', retryAfter: '30' }],
    ['context', { status: 400, code: 'context_length_exceeded', type: 'invalid_request_error', isFinal: true }],
    ['500', FAILED],
    ['502', OVERLOADED],
    ['503', OVERLOADED],
    ['504', TIMEOUT],
    ['529', OVERLOADED],
    ['html-502', OVERLOADED],
  ])('%s', (word, fault) => {
    // Ollama names no wait.
    const { retryAfter: _, ...shared } = fault;
    const isWordless = provider === 'ollama' && fault.status === 429;
    return expectBothWays({ model: `${provider}/mock-${word}` }, isWordless ? shared : fault);
  });

  it('empty or broken', async () => {
    for (const word of ['empty', 'broken-json'])
      expectFault(await ask({ model: `${provider}/mock-${word}` }), UNREADABLE);
    expectFault(await ask({ model: `${provider}/mock-empty`, stream: true }), CUT);
  });

  it('cut off in its middle', async () => {
    expectFault(await ask({ model: `${provider}/mock-cut` }), CUT);
    expectFault(await ask({ model: `${provider}/mock-cut-0`, stream: true }), CUT);
    const { chunks, error } = await brokenStream({ model: `${provider}/mock-cut-4+long-20` });
    expect(chunks.length).toBeGreaterThan(0);
    expect(error).toMatchObject({ type: 'server_error', code: 'stream_cut' });
  });

  it('larger than configured', async () => {
    expectFault(await ask({ model: `${provider}/mock-big-3000` }), UNREADABLE, /larger than 2097152 bytes/);
  });
});

describe('the headers of a failed answer', () => {
  const fail = (headers: Record<string, string>): void =>
    openAi.script((_request, response) => {
      response.writeHead(429, { 'content-type': 'application/json', ...headers });
      response.end('{"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}');
    });

  it.each([false, true])('tell of limits and of the wait, as those of a good one do (stream: %s)', async (stream) => {
    fail({
      'retry-after': '7',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '0',
      'x-request-id': 'req_1',
      'cf-ray': 'ray',
    });
    const { status, headers } = await ask({ model: 'openai/gpt-4o', stream });
    expect(status).toBe(429);
    expect(Object.fromEntries(headers)).toMatchObject({
      'retry-after': '7',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '0',
      'x-request-id': 'req_1',
      'llm_provider-retry-after': '7',
      'llm_provider-x-ratelimit-limit-tokens': '1000',
      'llm_provider-cf-ray': 'ray',
      'content-type': 'application/json',
    });
  });

  it('keep to themselves what is secret, or says what was sent', async () => {
    fail({ 'set-cookie': 'session=1', 'x-api-key': PROVIDER_KEY, 'x-seen-authorization': `Bearer ${PROVIDER_KEY}` });
    const { headers } = await ask({ model: 'openai/gpt-4o' });
    expect([...headers.keys()].filter((name) => /cookie|key|authorization/.test(name))).toEqual([]);
    fail({ 'x-seen': `Bearer ${PROVIDER_KEY}` });
    expect((await ask({ model: 'openai/gpt-4o' })).headers.get('llm_provider-x-seen')).not.toContain(PROVIDER_KEY);
  });
});

describe('an error inside a stream', () => {
  it.each([
    ['openai', FAILED],
    ['anthropic', OVERLOADED],
  ] as const)('of %s, before anything else: an ordinary error', async (provider, fault) => {
    expectFault(await ask({ model: `${provider}/mock-first-chunk-error`, stream: true }), fault);
  });

  it.each(['openai', 'anthropic', 'gemini', 'ollama'])(
    'of %s, later: an error event, and no end marker',
    async (provider) => {
      const { chunks, error } = await brokenStream({ model: `${provider}/mock-error-in-stream-4+long-20` });
      expect(chunks.length).toBeGreaterThan(0);
      expect(error).toMatchObject({ message: expect.stringMatching(/\S/), type: 'server_error' });
    },
  );

  it('a stream without its end marker is complete when it said why it finished', async () => {
    const { text } = await ask({ model: 'openai/mock-no-end', stream: true });
    expect(eventsOf(text).at(-1)).toBe('[DONE]');
  });
});

describe('an answer of another kind', () => {
  const answering = (head: readonly string[], body: string | Buffer = ''): void =>
    openAi.script((_request, response) => {
      const [status, ...headers] = head;
      response.writeHead(
        Number(status),
        headers.flatMap((line) => line.split(': ')),
      );
      response.end(body);
    });

  const completion = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  };
  const body = { model: 'openai/gpt-4o' };
  const stream = { ...body, stream: true };

  it.each(['301', '302', '307', '308'])('a redirect (%s) is not followed', async (status) => {
    for (const asked of [body, stream]) {
      answering([status, `location: ${connections.anthropic.api_base}/v1/chat/completions`]);
      expectFault(await ask(asked), UNREADABLE, /redirect .*Check api_base/);
    }
    expect(upstreams.anthropic.requests).toHaveLength(0);
  });

  it('a page of HTML with status 200', async () => {
    for (const asked of [body, stream]) {
      answering(['200', 'content-type: text/html'], '<html>\n\n<title>Login</title>\n\n</html>\n\n');
      expectFault(await ask(asked), UNREADABLE, /HTML.*Check api_base/);
    }
  });

  it.each<[string, unknown, Fault]>([
    ['an error object', { error: { message: 'no', type: 'server_error' } }, FAILED],
    [
      'an error object with a code',
      { error: { message: 'slow down', code: 429 } },
      { status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' },
    ],
    ['an error text', { error: 'no' }, FAILED],
  ])('%s with status 200', async (_, document, fault) => {
    for (const asked of [body, stream]) {
      answering(['200', 'content-type: application/json'], JSON.stringify(document));
      expectFault(await ask(asked), fault);
    }
  });

  it.each(['application/json', 'application/json; charset=utf-8'])(
    'one document (%s) where a stream was asked for',
    async (type) => {
      answering(['200', `content-type: ${type}`], JSON.stringify(completion));
      const { text, headers } = await ask({ ...stream, stream_options: { include_usage: true } });
      expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
      const events = eventsOf(text);
      expect(events.pop()).toBe('[DONE]');
      const chunks = events.map((event) => JSON.parse(event));
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hi');
      expect(chunks.at(-1).usage).toMatchObject(completion.usage);
    },
  );

  it('a stream where one document was asked for', async () => {
    answering(['200', 'content-type: text/event-stream'], 'data: {"choices":[]}\n\ndata: [DONE]\n\n');
    expectFault(await ask(body), UNREADABLE, /not JSON/);
  });

  it.each(['gzip', 'br'])('compressed (%s), though nobody said it might be', async (encoding) => {
    for (const asked of [body, stream]) {
      answering(
        ['200', 'content-type: application/json', `content-encoding: ${encoding}`],
        gzipSync(JSON.stringify(completion)),
      );
      expectFault(await ask(asked), UNREADABLE, new RegExp(`compressed.*${encoding}`));
    }
  });

  it('a compressed failure goes by its status, and its bytes are not shown', async () => {
    answering(
      ['401', 'content-type: application/json', 'content-encoding: gzip'],
      gzipSync('{"error":{"message":"no"}}'),
    );
    const refused = { status: 401, code: 'invalid_api_key', type: 'authentication_error', isFinal: true };
    expectFault(await ask(body), refused, /^provider\.openai: answered with status 401$/);
  });

  it('endless headers', async () => {
    answering(['200', `x-a: ${'a'.repeat(100_000)}`], '{}');
    expectFault(await ask(body), UNREADABLE, /headers that are too large/);
  });

  it.each(['99999999999999999999', '1e400', '-5', 'tomorrow', 'Fri, 31 Dec 9999 23:59:59 GMT', '', 'NaN'])(
    'retry-after: %s gives a sensible wait or none',
    async (wait) => {
      answering(['429', 'content-type: application/json', `retry-after: ${wait}`], '{"error":{"message":"slow"}}');
      const { headers } = await ask(body);
      expect(headers.get('retry-after') ?? '1').toMatch(/^[1-9]\d{0,4}$/);
    },
  );

  it('an error body that would keep a regular expression busy', async () => {
    for (const unit of ['<', '<title', '<title>', 'retry in 1.', ' ', '{"message":']) {
      const start = performance.now();
      answering(['400', 'content-type: text/html'], unit.repeat(300_000));
      expect((await ask(body)).text.length).toBeLessThan(10_000);
      expect(performance.now() - start).toBeLessThan(500);
    }
  });

  it('an error that quotes our key', async () => {
    answering(
      ['401', 'content-type: application/json'],
      JSON.stringify({ error: { message: `Bad key: ${PROVIDER_KEY}!` } }),
    );
    const { text } = await ask(body);
    expect(JSON.parse(text).error.message).toBe('provider.openai: Bad key: ***!');
  });
});

describe('bytes that are no HTTP answer', () => {
  const OK = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  const event =
    'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n';

  it.each<[string, string]>([
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-ty'],
    ['garbage', '\u0000\u0001garbage\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nx-a: \u0000\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}'],
  ])('%s', async (_, bytes) => {
    fault = (socket) => socket.end(bytes);
    for (const stream of [false, true]) expectFault(await ask({ model: 'bare', stream }), CONNECTION);
  });

  it.each(['bare', 'bare-claude'])('broken chunks before the first event: %s', async (model) => {
    fault = (socket) => socket.end(`${OK}zz\r\n`);
    for (const stream of [false, true]) expectFault(await ask({ model, stream }), CUT);
  });

  it('broken chunks after the first event', async () => {
    fault = (socket) => socket.end(`${OK}${chunk(event)}zz\r\n`);
    const { chunks, error } = await brokenStream({ model: 'bare' });
    expect(chunks).toHaveLength(1);
    expect(error).toMatchObject({ type: 'server_error', code: 'stream_cut' });
  });

  it('a body shorter than its length', async () => {
    fault = (socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{}');
    expectFault(await ask({ model: 'bare' }), CUT);
  });

  it('a reset in the middle of a stream', async () => {
    fault = (socket) => socket.write(OK + chunk(event), () => setTimeout(() => socket.resetAndDestroy(), 20));
    const { error } = await brokenStream({ model: 'bare' });
    expect(error).toMatchObject({ type: 'server_error', code: 'stream_cut' });
  });

  it('header values of Latin-1 and hop-by-hop headers do not hurt the answer', async () => {
    const body = JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
    fault = (socket) =>
      socket.end(
        `HTTP/1.1 200 OK\r\nx-region: S\xe3o Paulo\r\nconnection: close\r\nset-cookie: a=1\r\nserver: x\r\nkeep-alive: 1\r\n` +
          `content-length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      );
    const { status, headers } = await ask({ model: 'bare' });
    expect(status).toBe(200);
    expect(headers.get('llm_provider-x-region')).toBe('S\xe3o Paulo');
    for (const name of ['set-cookie', 'llm_provider-set-cookie', 'server', 'llm_provider-server'])
      expect(headers.has(name)).toBe(false);
  });

  it('early hints before the answer are no answer', async () => {
    fault = (socket) =>
      socket.end(
        'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"choices":[]}',
      );
    expect((await ask({ model: 'bare' })).text).toBe('{"choices":[]}');
  });

  it('a second answer that nobody asked for does not reach the next caller', async () => {
    const answer = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    fault = (socket) => socket.write(answer('{"for":"me"}') + answer('{"for":"nobody"}'));
    for (let index = 0; index < 3; index += 1) expect((await ask({ model: 'bare' })).text).toBe('{"for":"me"}');
  });
});

describe('afterwards', () => {
  it('no call is open at any provider, and none is counted as open', async () => {
    const open = () => Object.values(upstreams).map(({ inFlight }) => inFlight);
    await eventually(open, (calls) => calls.every((count) => count === 0));
    const metrics = async () => (await fetch(`${gateway.url}/metrics`)).text();
    await eventually(metrics, (text) => /^litellm_in_flight_requests 0$/m.test(text));
  });
});
