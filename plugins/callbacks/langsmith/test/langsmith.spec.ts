// The callback against a server that takes only what LangSmith takes.
import type { CallFinished } from '@turnpike/plugin-sdk';
import { aBareCallFinished, aCallFailed, aCallFinished, fakeHost } from '@turnpike/plugin-testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'langsmith';
import type { UsageMetadata } from 'langsmith/schemas';
import { LangsmithServer, type LangsmithWorkspace } from '../../../../test/services/langsmith.js';
import { realHttp } from '../../../../test/services/real-http.js';
import plugin from '../src/index.js';

const KEY = 'lsv2_pt_made_up_0123456789';

let server: LangsmithServer;
let runs: LangsmithWorkspace;
beforeAll(async () => {
  server = await LangsmithServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  runs = server.workspace(KEY);
  server.collector.requests.length = 0;
  server.collector.answering = (request) => server.answer(request);
});

const open = (settings: object = {}) => {
  const host = fakeHost({ overrides: { http: realHttp } });
  const { events } = plugin.init(plugin.config.parse({ api_key: KEY, base_url: server.url, ...settings }), host);
  return { host, tell: (...calls: CallFinished[]) => events.onSuccess!(calls, AbortSignal.timeout(5_000)) };
};

const uuid = (digit: number): string => `${digit}0000000-0000-4000-8000-000000000000`;

/** Each a call of its own. */
const numbered = (count: number, changes: Partial<CallFinished> = {}): CallFinished[] =>
  Array.from({ length: count }, (_, index) => {
    const callId = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    return aCallFinished({ callId, traceId: callId, sessionId: undefined, metadata: {}, ...changes });
  });

const theRun = () => [...runs.values()][0]!;

describe('LangSmith', () => {
  it('takes every kind of call', async () => {
    const { tell, host } = open();
    await tell(
      ...numbered(2),
      aCallFailed({ callId: 'failed' }),
      aBareCallFinished({ callId: 'bare' }),
      aCallFailed({ callId: 'gone', status: 'client_closed', statusCode: 499, error: undefined }),
    );
    expect(host.logs).toEqual([]);
    expect(runs.size).toBe(5);
    expect([...runs.values()].map(({ status }) => status).sort()).toEqual([
      'error',
      'error',
      'success',
      'success',
      'success',
    ]);
  });

  it('shows what was asked, answered and counted', async () => {
    const [call] = numbered(1, {
      tags: ['blue'],
      usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12, cachedInputTokens: 4, reasoningTokens: 1 },
      costNanoUsd: 54_000,
      parameters: { temperature: 0.5, max_tokens: 10 },
      stream: true,
      timeToFirstTokenMs: 120,
    });
    await open().tell(call!);
    const run = theRun();
    expect(run).toMatchObject({
      id: call!.callId,
      name: 'LLMRun',
      run_type: 'llm',
      session_name: 'litellm-completion',
      start_time: '2026-01-15T12:00:00.000Z',
      inputs: { messages: [{ role: 'user', content: 'Hello' }] },
      outputs: { choices: [{ message: { content: 'Hi there!' } }] },
      tags: ['blue'],
      events: [{ name: 'new_token' }],
      extra: {
        invocation_params: { temperature: 0.5, max_tokens: 10 },
        metadata: { ls_provider: 'sample', ls_temperature: 0.5, ls_max_tokens: 10, litellm_call_id: call!.callId },
      },
    });
    const usage = {
      input_tokens: 9,
      output_tokens: 3,
      total_tokens: 12,
      input_token_details: { cache_read: 4 },
      output_token_details: { reasoning: 1 },
      total_cost: 0.000054,
    } satisfies UsageMetadata;
    expect(run.extra!['metadata'].usage_metadata).toEqual(usage);
  });

  it('is told nothing of what was said when message logging is off', async () => {
    await open().tell(...numbered(1, { request: undefined, response: undefined }));
    expect(theRun().inputs).toEqual({});
    expect(server.collector.requests[0]!.body.toString()).not.toMatch(/Hello|Hi there/);
  });

  it('gets no vectors', async () => {
    const response = { object: 'list', data: [{ embedding: [0.1, 0.2] }] };
    await open().tell(...numbered(1, { operation: 'embeddings', request: { input: 'words' }, response }));
    expect(theRun()).toMatchObject({ inputs: { input: 'words' } });
    expect(theRun().outputs).toBeUndefined();
  });

  it('gets text that its database takes', async () => {
    const request = { messages: [{ role: 'user', content: 'a\0b\ud800c' }] };
    await open().tell(...numbered(1, { request }));
    expect(theRun().inputs['messages'][0].content).toBe('a\ufffdb\ufffdc');
  });

  it('has everything of a batch in one request, and a tenant where there is one', async () => {
    await open({ tenant_id: 'tenant-1' }).tell(...numbered(100));
    expect(runs.size).toBe(100);
    expect(server.collector.requests.map(({ path, headers }) => [path, headers['x-tenant-id']])).toEqual([
      ['/runs/batch', 'tenant-1'],
    ]);
  });

  it('gets no more runs at once than wanted, nor more bytes than it takes', async () => {
    await open({ batch_size: 10 }).tell(...numbered(25));
    expect(server.collector.requests).toHaveLength(3);
    server.collector.requests.length = 0;
    await open().tell(...numbered(3, { callId: 'long', request: { prompt: 'x'.repeat(6_000_000) } }));
    expect(server.collector.requests).toHaveLength(3);
  });

  it('hears of a share of the traces, the same when a batch comes again', async () => {
    const { tell } = open({ sampling_rate: '0.5' });
    const calls = numbered(200);
    server.collector.answering = () => ({ status: 503 });
    await expect(tell(...calls)).rejects.toThrow('LangSmith answered 503.');
    server.collector.answering = (request) => server.answer(request);
    await tell(...calls);
    expect(runs.size).toBeGreaterThan(60);
    expect(runs.size).toBeLessThan(140);
    const before = [...runs.keys()];
    await open({ sampling_rate: 0.5 }).tell(...calls);
    expect([...runs.keys()]).toEqual(before);
  });
});

describe('metadata of the call', () => {
  const [ID, PARENT, TRACE] = [uuid(1), uuid(2), uuid(3)];
  const T = '20260101T000000000000Z';

  const runWith = async (metadata: CallFinished['metadata']) => {
    await open().tell(...numbered(1, { metadata }));
    return theRun();
  };

  it('names run and project', async () => {
    const metadata = { run_name: 'my run', project_name: 'my project', team: 'blue' };
    expect(await runWith(metadata)).toMatchObject({
      name: 'my run',
      session_name: 'my project',
      extra: { metadata: { team: 'blue' } },
    });
  });

  it('names the project by its id', async () => {
    const run = await runWith({ session_id: uuid(9) });
    expect([run.session_id, run.session_name]).toEqual([uuid(9), undefined]);
  });

  it.each<[string, CallFinished['metadata'], object]>([
    ['its own id', { id: ID }, { id: ID, trace_id: ID }],
    ['its own id, as LiteLLM’s documents call it', { run_id: ID }, { id: ID, trace_id: ID }],
    ['a parent', { id: ID, parent_run_id: PARENT }, { trace_id: PARENT, parent_run_id: PARENT }],
    [
      'a parent in a trace',
      { id: ID, parent_run_id: PARENT, trace_id: TRACE },
      { trace_id: TRACE, parent_run_id: PARENT },
    ],
    ['its own order', { id: ID, dotted_order: `${T}${TRACE}.${T}${ID}` }, { trace_id: TRACE, parent_run_id: TRACE }],
    [
      'its parent’s order',
      { id: ID, dotted_order: `${T}${TRACE}.${T}${PARENT}`, parent_run_id: PARENT, trace_id: TRACE },
      { trace_id: TRACE, parent_run_id: PARENT },
    ],
    ['a trace alone', { id: ID, trace_id: TRACE }, { trace_id: ID }],
    ['an order that others contradict', { id: ID, trace_id: uuid(8), dotted_order: `${T}${ID}` }, { trace_id: ID }],
  ])('tells %s', async (_title, metadata, expected) => {
    expect(await runWith(metadata)).toMatchObject({ id: ID, ...expected });
  });

  it.each<[string, CallFinished['metadata']]>([
    ['an id that is none', { id: "'; DROP TABLE runs; --" }],
    ['a number for an id', { id: 7, parent_run_id: 8, dotted_order: 9 }],
    ['an order that is none', { dotted_order: '20260101.1' }],
    ['an order without end', { dotted_order: Array(100).fill(`${T}${ID}`).join('.') }],
    ['names that are none', { run_name: ['a'], project_name: {} }],
    ['itself for a parent', { id: ID, parent_run_id: ID }],
  ])('with %s keeps no run from being taken', async (_title, metadata) => {
    expect(await runWith(metadata)).toMatchObject({ name: 'LLMRun', session_name: 'litellm-completion' });
  });
});

it('the server of these tests takes what LangSmith’s own SDK sends', async () => {
  const client = new Client({ apiUrl: server.url, apiKey: KEY, autoBatchTracing: false });
  const id = uuid(4);
  await client.batchIngestRuns({
    runCreates: [
      {
        id,
        trace_id: id,
        dotted_order: `20260115T120000000000Z${id}`,
        name: 'its own',
        run_type: 'llm',
        start_time: '2026-01-15T12:00:00.000Z',
        inputs: {},
      },
    ],
  });
  expect(theRun()).toMatchObject({ id, name: 'its own' });
});

describe('a batch that fails', () => {
  it.each([503, 429, 408])('comes again when LangSmith answers %d', async (status) => {
    const { tell, host } = open();
    server.collector.answering = () => ({ status });
    await expect(tell(...numbered(2))).rejects.toThrow(`LangSmith answered ${status}.`);
    expect(host.counts).toEqual({});
  });

  it('is given up when the key is wrong, without telling the key', async () => {
    const { tell, host } = open({ api_key: 'lsv2_wrong' });
    await tell(...numbered(2));
    expect(host.logs).toMatchObject([{ level: 'warn', fields: { status: 401, count: 2 } }]);
    expect(host.counts).toEqual({ refused: 2 });
    expect(JSON.stringify(host.logs)).not.toContain('lsv2');
  });

  it('loses but the run that is refused', async () => {
    const { tell, host } = open();
    server.collector.answering = (request) =>
      request.body.includes('poison') ? { status: 422, body: { detail: 'Hello' } } : server.answer(request);
    const calls = numbered(20);
    await tell(
      ...calls.slice(0, 7),
      ...numbered(1, { callId: uuid(7), model: 'poison', request: { prompt: 'poison' } }),
      ...calls.slice(7),
    );
    expect(runs.size).toBe(20);
    expect(host.counts).toEqual({ refused: 1 });
    expect(JSON.stringify(host.logs)).not.toContain('Hello');
  });

  it('whose answer was lost is known when it comes again', async () => {
    const calls = numbered(3);
    await open().tell(...calls);
    const { tell, host } = open();
    await tell(...calls);
    expect(runs.size).toBe(3);
    expect(host.counts).toEqual({});
  });
});
