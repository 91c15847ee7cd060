// The SDK against a server that takes only what Langfuse takes.
import type { CallFinished } from '@turnpike/plugin-sdk';
import { aBareCallFinished, aCallFailed, aCallFinished, anEndedAttempt, fakeHost } from '@turnpike/plugin-testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LangfuseServer, type LangfuseProject } from '../../../../test/services/langfuse.js';
import { realHttp } from '../../../../test/services/real-http.js';
import plugin from '../src/index.js';

let server: LangfuseServer;
let project: LangfuseProject;
beforeAll(async () => {
  server = await LangfuseServer.start();
});
afterAll(() => server.close());

const printed = jest.fn();
beforeEach(() => {
  project = server.project('pk-lf-1', 'sk-lf-1-secret');
  server.failing = () => undefined;
  server.collector.requests.length = 0;
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const)
    jest.spyOn(console, name).mockImplementation(printed);
});
afterEach(() => {
  jest.restoreAllMocks();
  expect(printed).not.toHaveBeenCalled();
});

const open = (settings: object = {}) => {
  const host = fakeHost({ overrides: { http: realHttp } });
  const config = { public_key: 'pk-lf-1', secret_key: 'sk-lf-1-secret', host: server.url, ...settings };
  const { events } = plugin.init(plugin.config.parse(config), host);
  const tell = (...calls: CallFinished[]) => events.onSuccess!(calls, AbortSignal.timeout(5_000));
  return { host, tell };
};

const numbered = (count: number, changes: Partial<CallFinished> = {}): CallFinished[] =>
  Array.from({ length: count }, (_, index) => {
    const callId = `call-${index}`;
    return aCallFinished({ callId, traceId: callId, metadata: {}, ...changes });
  });

describe('Langfuse', () => {
  it('takes every kind of call', async () => {
    const { tell, host } = open({ environment: 'production', release: '1.2.3' });
    const many = aCallFinished({
      callId: 'many',
      traceId: 'many',
      attempts: [1, 2].map((attempt) => anEndedAttempt({ attempt })),
    });
    await tell(...numbered(3), aCallFailed({ callId: 'failed' }), aBareCallFinished({ callId: 'bare' }), many);
    expect(host.logs).toEqual([]);
    expect(project.generations.size).toBe(6);
    expect(project.traces.get('call-0')).toMatchObject({
      environment: 'production',
      release: '1.2.3',
      input: { messages: [{ role: 'user', content: 'Hello' }] },
    });
    expect([...project.spans.keys()]).toContain('many-attempt-2');
  });

  it('has everything when the hook is done, in one request', async () => {
    const { tell } = open();
    await tell(...numbered(100));
    expect(project.generations.size).toBe(100);
    expect(server.collector.requests).toHaveLength(1);
  });

  it('gets no request larger than it takes', async () => {
    const content = 'x'.repeat(400_000);
    const request = { messages: [{ role: 'user', content }] };
    await open().tell(...numbered(8, { request, response: undefined }));
    expect(project.generations.size).toBe(8);
    expect(server.collector.requests.length).toBeGreaterThan(1);
    for (const { body } of server.collector.requests) expect(body.length).toBeLessThan(3_000_000);
  });

  it('keeps images apart from text', async () => {
    const url = `data:image/png;base64,${Buffer.from('an image').toString('base64')}`;
    const request = { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] };
    await open().tell(...numbered(1, { request, response: undefined }));
    expect(project.media.map(String)).toContain('an image');
    expect(JSON.stringify(project.generations.get('call-0')!.input)).toContain('@@@langfuseMedia:type=image/png');
  });

  it('hears of a share of the traces, whole ones', async () => {
    await open({ sample_rate: 0.5 }).tell(...numbered(200));
    expect(project.traces.size).toBeGreaterThan(60);
    expect(project.traces.size).toBeLessThan(140);
    expect([...project.generations.keys()]).toEqual([...project.traces.keys()]);
  });
});

describe('a batch that fails', () => {
  it('is sent again without what was taken', async () => {
    const { tell, host } = open();
    const calls = numbered(3);
    let isFailing = true;
    server.failing = ({ type, body }) =>
      isFailing && type === 'generation-create' && body['id'] === 'call-1'
        ? { status: 500, message: 'busy' }
        : undefined;
    await expect(tell(...calls)).rejects.toThrow('Langfuse could not take 1 of 9 events.');
    isFailing = false;
    await tell(...calls);
    expect([...project.generations.keys()].sort()).toEqual(['call-0', 'call-1', 'call-2']);
    const again = JSON.parse(server.collector.requests.at(-1)!.body.toString()) as {
      batch: { body: { id: string } }[];
    };
    expect(new Set(again.batch.map(({ body }) => body.id))).toEqual(new Set(['call-1', 'call-1-guardrail-1']));
    expect(host.logs).toEqual([]);
  });

  it('leaves behind what is not wanted, and says so without its content', async () => {
    const { tell, host } = open();
    server.failing = ({ type }) =>
      type === 'trace-create' ? { status: 400, message: 'invalid: Hello, sk-lf-1-secret' } : undefined;
    await tell(...numbered(2));
    expect(host.logs).toEqual([
      {
        level: 'warn',
        message: 'Langfuse refuses some events, which are given up',
        fields: { statuses: [400, 400] },
      },
    ]);
    expect(host.counts).toEqual({ refused: 2 });
  });

  it('is given up when the keys are wrong', async () => {
    const { tell, host } = open({ secret_key: 'sk-lf-wrong' });
    await tell(...numbered(2));
    expect(host.logs).toMatchObject([{ level: 'warn', fields: { status: 401, count: 2 } }]);
    expect(host.counts).toEqual({ refused: 2 });
  });

  it.each([
    ['is busy', { status: 503 }, 'Langfuse answered 503.'],
    ['limits', { status: 429 }, 'Langfuse answered 429.'],
    ['is another server', { status: 200, body: '<html>' }, 'Langfuse answered 200 with something that is no result.'],
  ])('is sent again when the server %s', async (_title, answer, message) => {
    const { answering } = server.collector;
    server.collector.answering = () => answer;
    await expect(open().tell(...numbered(1))).rejects.toThrow(message);
    server.collector.answering = answering;
  });
});
