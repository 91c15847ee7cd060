// The callback against a server that takes only what Datadog's log intake takes.
import type { CallFinished } from '@turnpike/plugin-sdk';
import { aBareCallFinished, aCallFailed, aCallFinished, fakeHost } from '@turnpike/plugin-testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { DatadogServer } from '../../../../test/services/datadog.js';
import { realHttp } from '../../../../test/services/real-http.js';
import { intakeOf } from '../src/config.js';
import plugin from '../src/index.js';

const KEY = 'made-up-datadog-key-0123';

let server: DatadogServer;
beforeAll(async () => {
  server = await DatadogServer.start(KEY);
});
afterAll(() => server.close());
beforeEach(() => {
  server.entries.length = 0;
  server.collector.requests.length = 0;
  server.collector.answering = (request) => server.answer(request);
});

const open = (settings: object = {}) => {
  const host = fakeHost({ overrides: { http: realHttp } });
  const { events } = plugin.init(plugin.config.parse({ api_key: KEY, base_url: server.url, ...settings }), host);
  return { host, tell: (...calls: CallFinished[]) => events.onSuccess!(calls, AbortSignal.timeout(5_000)) };
};

const numbered = (count: number, changes: Partial<CallFinished> = {}): CallFinished[] =>
  Array.from({ length: count }, (_, index) => aCallFinished({ callId: `call-${index}`, ...changes }));

interface Message {
  id: string;
  [field: string]: ReturnType<typeof JSON.parse>;
}

const messages = (): Message[] => server.entries.map(({ message }) => JSON.parse(message) as Message);

describe('Datadog', () => {
  it('takes every kind of call', async () => {
    const { tell, host } = open();
    const gone = aCallFailed({ callId: 'gone', status: 'client_closed', statusCode: 499 });
    await tell(aCallFinished(), aCallFailed({ callId: 'failed' }), aBareCallFinished({ callId: 'bare' }), gone);
    expect(host.logs).toEqual([]);
    expect(server.entries.map(({ status }) => status)).toEqual(['info', 'error', 'info', 'warn']);
    expect(messages()[0]).toMatchObject({ id: 'call-1', messages: [{ content: 'Hello' }], total_tokens: 12 });
  });

  it('files them under source, service, host and tags', async () => {
    const settings = {
      source: 's',
      service: 'gateway',
      env: 'production',
      version: '1.2',
      hostname: 'h',
      pod_name: 'p',
    };
    await open(settings).tell(aCallFinished({ tags: ['a', 'b'], teamAlias: 'blue' }));
    expect(server.entries[0]).toMatchObject({
      ddsource: 's',
      service: 'gateway',
      hostname: 'h',
      ddtags: 'env:production,service:gateway,version:1.2,HOSTNAME:h,POD_NAME:p,request_tag:a,request_tag:b,team:blue',
      timestamp: String(aCallFinished().endedAt),
    });
  });

  it('says so where nothing names them', async () => {
    await open().tell(aCallFinished({ tags: [], teamAlias: undefined, teamId: undefined }));
    expect(server.entries[0]).toMatchObject({
      ddsource: 'litellm',
      service: 'litellm-server',
      ddtags: 'env:unknown,service:litellm-server,version:unknown,HOSTNAME:,POD_NAME:unknown',
    });
  });

  it('is told no tags that clients hid in others, nor too many', async () => {
    const tags = ['a,env:production', 'b\nc', 'x'.repeat(1_000), ...Array.from({ length: 500 }, String)];
    await open().tell(aCallFinished({ tags, teamAlias: undefined, teamId: undefined }));
    const all = server.entries[0]!.ddtags!.split(',').slice(5);
    expect(all.slice(0, 2)).toEqual(['request_tag:a_env:production', 'request_tag:b_c']);
    expect(all[2]).toHaveLength(200);
    expect(all).toHaveLength(50);
  });

  it('is told nothing of what was said when message logging is off', async () => {
    await open().tell(...numbered(1, { request: undefined, response: undefined }));
    expect(server.entries[0]!.message).not.toMatch(/Hello|Hi there/);
  });

  it('gets a batch in one compressed request', async () => {
    await open().tell(...numbered(100));
    expect(messages()).toHaveLength(100);
    expect(server.collector.requests.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip']);
  });

  it('gets no request larger than it takes', async () => {
    const { tell, host } = open();
    await tell(...numbered(12, { request: { prompt: 'x'.repeat(900_000) }, response: undefined }));
    expect(messages()).toHaveLength(12);
    expect(server.collector.requests).toHaveLength(3);
    expect(host.logs).toEqual([]);
  });
});

describe('a call that is too long for an entry', () => {
  it.each<[string, Partial<CallFinished>]>([
    ['prompt', { request: { prompt: 'x'.repeat(3_000_000) } }],
    ['prompt of what takes most room', { request: { prompt: '\0"\\'.repeat(300_000) } }],
    ['list of messages', { request: { messages: Array(30_000).fill({ role: 'user', content: '🚀🚀🚀🚀' }) } }],
    ['answer', { response: { choices: [{ message: { content: 'ü'.repeat(2_000_000) } }] } }],
    [
      'map of metadata',
      { metadata: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`name ${i}`, 'value'])) },
    ],
    ['list of tags', { tags: Array.from({ length: 100_000 }, (_, index) => `tag ${index}`) }],
    ['end user', { endUser: 'u'.repeat(2_000_000) }],
  ])('because of its %s stays JSON, and says what is missing', async (_title, changes) => {
    await open().tell(aCallFinished(changes));
    expect(Buffer.byteLength(JSON.stringify(server.entries[0]))).toBeLessThan(1_000_000);
    expect(messages()[0]).toMatchObject({ id: 'call-1', total_tokens: 12 });
    expect(server.entries[0]!.message).toMatch(/… \(\d+ more characters\)/);
  });

  it('keeps what is short', async () => {
    await open().tell(aCallFinished({ request: { prompt: 'x'.repeat(3_000_000) } }));
    expect(messages()[0]!['response']).toEqual(aCallFinished().response);
  });
});

describe('logs go', () => {
  it.each<[object, string]>([
    [{ api_key: KEY }, 'https://http-intake.logs.datadoghq.com/api/v2/logs'],
    [{ api_key: KEY, site: 'us5.datadoghq.com' }, 'https://http-intake.logs.us5.datadoghq.com/api/v2/logs'],
    [{ agent_host: 'agent' }, 'http://agent:10518/api/v2/logs'],
    [{ agent_host: '[::1]', agent_port: '8080', api_key: KEY }, 'http://[::1]:8080/api/v2/logs'],
    [{ injected_agent_host: '10.0.0.1' }, 'http://10.0.0.1:10518/api/v2/logs'],
    [{ injected_agent_host: '10.0.0.1', api_key: KEY }, 'https://http-intake.logs.datadoghq.com/api/v2/logs'],
    [{ base_url: 'http://localhost:1234/' }, 'http://localhost:1234/api/v2/logs'],
  ])('with %j to %s', (settings, address) => {
    expect(intakeOf(plugin.config.parse(settings))).toBe(address);
  });

  it('to an agent without a key', async () => {
    const agent = await DatadogServer.start();
    await open({ api_key: undefined, base_url: agent.url }).tell(...numbered(1));
    expect(agent.entries).toHaveLength(1);
    expect(agent.collector.requests[0]!.headers['dd-api-key']).toBeUndefined();
    await agent.close();
  });
});

describe('a batch that fails', () => {
  it.each([500, 503, 429, 408])('comes again when Datadog answers %d', async (status) => {
    const { tell, host } = open();
    server.collector.answering = () => ({ status });
    await expect(tell(...numbered(2))).rejects.toThrow(`Datadog answered ${status}.`);
    expect(host.counts).toEqual({});
  });

  it('is given up when the key is wrong, without telling the key', async () => {
    const { tell, host } = open({ api_key: 'wrong-key' });
    await tell(...numbered(2));
    expect(host.logs).toMatchObject([{ level: 'warn', fields: { status: 403, count: 2 } }]);
    expect(host.counts).toEqual({ refused: 2 });
    expect(JSON.stringify(host.logs)).not.toContain('wrong-key');
  });

  it('because it is too large is sent in halves', async () => {
    const { tell, host } = open();
    const entriesIn = (body: Buffer): number => (JSON.parse(gunzipSync(body).toString()) as unknown[]).length;
    server.collector.answering = (request) => (entriesIn(request.body) > 2 ? { status: 413 } : server.answer(request));
    await tell(...numbered(4));
    expect(messages().map(({ id }) => id)).toEqual(['call-0', 'call-1', 'call-2', 'call-3']);
    expect(host.counts).toEqual({});
  });
});
