// Callbacks as the documents configure them: a call, and what the other side got of it.
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Collector } from '../services/collector.js';
import { LangfuseServer, type LangfuseProject } from '../services/langfuse.js';
import { PostgresServer } from '../services/postgres.js';
import { chat, chunksOf, jsonOf, okJson, send, type Json } from './client.js';
import { eventually, readText, ROOT, startGateway, withGateway, type Gateway } from './harness.js';
import { everyModelOf } from './upstreams.js';

jest.setTimeout(120_000);

const [langfuse, collector] = await Promise.all([LangfuseServer.start(), Collector.start()]);
afterAll(() => Promise.all([langfuse.close(), collector.close()]));
beforeEach(() => void (collector.requests.length = 0));

const project = langfuse.project('pk-lf-of-the-file', 'sk-lf-of-the-file');

const generationOf = (of: LangfuseProject, callId: string): Promise<Json> =>
  eventually(
    () => of.generations.get(callId),
    (found) => found !== undefined,
  );
const callIdOf = (answer: Response): string => answer.headers.get('x-litellm-call-id')!;

describe('langfuse', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({
      hasLedger: true,
      // As the documents have it, keys in the section where they put them.
      config: {
        model_list: everyModelOf('openai'),
        general_settings: {
          success_callback: ['langfuse'],
          failure_callback: ['langfuse'],
          langfuse_public_key: 'os.environ/LANGFUSE_PUBLIC_KEY',
          langfuse_secret_key: 'os.environ/LANGFUSE_SECRET_KEY',
          langfuse_host: langfuse.url,
        },
        litellm_settings: { langfuse_default_tags: ['user_api_key_alias'] },
      },
      env: { LANGFUSE_PUBLIC_KEY: 'pk-lf-of-the-file', LANGFUSE_SECRET_KEY: 'sk-lf-of-the-file' },
    });
    await eventually(
      async () => (await send(gateway, '/key/list')).status,
      (status) => status === 200,
      30_000,
    );
  });
  afterAll(() => gateway.kill());

  const generate = async (wish: object): Promise<string> =>
    (await okJson(send(gateway, '/key/generate', { body: wish }))).key;

  it.each([false, true])('gets a trace and its generation (stream: %s)', async (stream) => {
    const metadata = { trace_user_id: 'me', tags: ['seed'], colour: 'blue', trace_name: 'first', session_id: 's-1' };
    const answer = await chat(gateway, { model: 'openai/gpt-4o', stream, temperature: 0.3, metadata });
    const callId = callIdOf(answer);
    await answer.text();
    const generation = await generationOf(project, callId);
    expect(generation).toMatchObject({
      traceId: callId,
      model: 'gpt-4o',
      modelParameters: { temperature: 0.3 },
      input: { messages: [{ role: 'user', content: 'Hello' }] },
      output: { role: 'assistant', content: 'Mock answer to: Hello' },
      usageDetails: { total: expect.any(Number) },
      costDetails: { total: expect.any(Number) },
      metadata: { colour: 'blue', litellm_call_id: callId },
      level: 'DEFAULT',
    });
    expect(Date.parse(generation.endTime)).toBeGreaterThanOrEqual(Date.parse(generation.startTime));
    expect(project.traces.get(callId)).toMatchObject({
      name: 'first',
      userId: 'me',
      sessionId: 's-1',
      tags: ['seed', 'user_api_key_alias:master'],
    });
  });

  it('gets failures, with a span for each attempt', async () => {
    const answer = await chat(gateway, { model: 'openai/mock-500', num_retries: 1 });
    expect(await generationOf(project, callIdOf(answer))).toMatchObject({
      level: 'ERROR',
      statusMessage: expect.stringContaining('GW_UPSTREAM_ERROR'),
    });
    expect([...project.spans.values()].filter(({ id }) => id.startsWith(callIdOf(answer)))).toHaveLength(2);
  });

  it('is steered by headers', async () => {
    const headers = { langfuse_trace_id: 'trace-by-header', langfuse_mask_input: 'true' };
    const answer = await chat(gateway, { model: 'openai/gpt-4o' }, { headers });
    expect(await generationOf(project, callIdOf(answer))).toMatchObject({
      traceId: 'trace-by-header',
      input: 'redacted-by-litellm',
    });
  });

  it('hears nothing of what was said where that is not wanted', async () => {
    const said = { model: 'openai/gpt-4o', messages: [{ role: 'user', content: 'a private thing' }] };
    const headers = { 'x-litellm-enable-message-redaction': 'true' };
    const callId = callIdOf(await chat(gateway, said, { headers }));
    const generation = await generationOf(project, callId);
    const trace = project.traces.get(callId);
    expect([generation.usageDetails.total, trace!.id]).toEqual([expect.any(Number), callId]);
    expect(JSON.stringify([generation, trace])).not.toContain('private thing');
  });

  it('hears nothing at all where that is not wanted', async () => {
    const quiet = [
      await chat(gateway, { model: 'openai/gpt-4o', 'no-log': true }),
      await chat(gateway, { model: 'openai/gpt-4o' }, { headers: { 'x-litellm-disable-callbacks': 'langfuse' } }),
    ].map(callIdOf);
    await generationOf(project, callIdOf(await chat(gateway, { model: 'openai/gpt-4o' })));
    expect(quiet.filter((callId) => project.generations.has(callId))).toEqual([]);
  });

  describe('of a key', () => {
    const own = langfuse.project('pk-lf-of-a-key', 'sk-lf-of-a-key');
    const logging = (vars: object, callback_type = 'success_and_failure'): object => ({
      metadata: { logging: [{ callback_name: 'langfuse', callback_type, callback_vars: vars }] },
    });
    const keys = { langfuse_public_key: 'pk-lf-of-a-key', langfuse_secret_key: 'sk-lf-of-a-key' };

    it('gets that key’s calls, in its own project, at the operator’s server', async () => {
      const key = await generate({ key_alias: 'own project', ...logging(keys) });
      const callId = callIdOf(await chat(gateway, { model: 'openai/gpt-4o' }, { key }));
      expect(await generationOf(own, callId)).toMatchObject({
        name: 'litellm:own project',
        metadata: { user_api_key_alias: 'own project' },
      });
      expect(own.traces.get(callId)!.tags).toEqual(['user_api_key_alias:own project']);
      expect(project.generations.has(callId)).toBe(false);
    });

    it('may call its secret langfuse_secret, as LiteLLM’s keys do', async () => {
      const { langfuse_secret_key: langfuse_secret, ...rest } = keys;
      const key = await generate(logging({ ...rest, langfuse_secret }, 'success'));
      expect(await generationOf(own, callIdOf(await chat(gateway, { model: 'openai/gpt-4o' }, { key })))).toBeDefined();
    });

    it('reaches no server of this network that the operator did not name', async () => {
      const inside = await Collector.start();
      const key = await generate(logging({ ...keys, langfuse_host: inside.url }));
      await chat(gateway, { model: 'openai/gpt-4o' }, { key });
      await gateway.waitForOutput(/does not connect to '127\.0\.0\.1'/);
      expect(inside.requests).toEqual([]);
      await inside.close();
    });

    it('shows no secret in the log', () => {
      expect(gateway.output()).not.toMatch(/sk-lf-of-(a-key|the-file)/);
    });
  });

  it('that is away delays nobody, and gets what it missed', async () => {
    const { answering } = langfuse.collector;
    langfuse.collector.answering = () => ({ status: 503 });
    const answer = await chat(gateway, { model: 'openai/gpt-4o' });
    expect((await jsonOf(answer)).choices).toHaveLength(1);
    await eventually(
      () => langfuse.collector.requests.length,
      (length) => length > 0,
    );
    langfuse.collector.answering = answering;
    expect(await generationOf(project, callIdOf(answer))).toBeDefined();
  });

  it('has heard of every call when the gateway has stopped', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => callIdOf(await chat(gateway, { model: 'openai/gpt-4o' }))),
    );
    await gateway.stop();
    expect(ids.filter((callId) => !project.generations.has(callId))).toEqual([]);
  });
});

describe('a webhook', () => {
  const WEBHOOK = { set_verbose: true, success_callback: ['webhook'], webhook_url: `${collector.url}/litellm-logs` };
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({
      config: {
        model_list: everyModelOf('openai'),
        general_settings: WEBHOOK,
        litellm_settings: { failure_callback: ['generic_api'], webhook_secret: 'signing-secret' },
      },
      env: { GENERIC_LOGGER_ENDPOINT: `${collector.url}/failures`, GENERIC_LOGGER_HEADERS: 'x-team=red,x-b=c=d' },
    });
  });
  afterAll(() => gateway.kill());

  const payloadsAt = async (path: string): Promise<Json[]> => {
    const { requests } = collector;
    await eventually(
      () => requests.some((request) => request.path === path),
      (isThere) => isThere,
    );
    return requests.filter((request) => request.path === path).flatMap(({ body }) => JSON.parse(body.toString()));
  };

  it('gets successes as standard logging payloads, signed', async () => {
    await chunksOf(chat(gateway, { model: 'openai/gpt-4o', stream: true }));
    const [payload] = await payloadsAt('/litellm-logs');
    expect(payload).toMatchObject({
      status: 'success',
      stream: true,
      call_type: 'acompletion',
      model: 'gpt-4o',
      messages: [{ content: 'Hello' }],
      response: { choices: [{ message: { content: 'Mock answer to: Hello' } }] },
      response_cost: expect.any(Number),
      metadata: { user_api_key_request_route: '/v1/chat/completions' },
    });
    expect(collector.requests[0]!.headers['x-turnpike-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  });

  it('leaves failures to the other callback', async () => {
    await chat(gateway, { model: 'openai/mock-500', num_retries: 0 });
    const [payload] = await payloadsAt('/failures');
    expect(payload).toMatchObject({ status: 'failure', error_information: { error_class: 'GW_UPSTREAM_ERROR' } });
    const { headers } = collector.requests.find(({ path }) => path === '/failures')!;
    expect([headers['x-team'], headers['x-b']]).toEqual(['red', 'c=d']);
    expect(collector.requests.filter(({ path }) => path === '/litellm-logs')).toEqual([]);
  });
});

describe('mlflow', () => {
  it('gets traces in the experiment that the configuration names', async () => {
    const server = await Collector.start(({ path }) =>
      path.includes('get-by-name') ? { body: { experiment: { experiment_id: '42' } } } : {},
    );
    const config = {
      model_list: everyModelOf('openai'),
      general_settings: {
        success_callback: ['mlflow'],
        mlflow_tracking_uri: 'os.environ/MLFLOW_TRACKING_URI',
        mlflow_experiment_name: 'litellm-production',
      },
    };
    await withGateway({ config, env: { MLFLOW_TRACKING_URI: server.url } }, async (gateway) => {
      const callId = callIdOf(await chat(gateway, { model: 'openai/gpt-4o' }));
      const { requests } = server;
      await eventually(
        () => requests.length,
        (length) => length === 2,
      );
      expect(requests[0]!.path).toContain('experiment_name=litellm-production');
      expect(requests[1]).toMatchObject({ path: '/v1/traces', headers: { 'x-mlflow-experiment-id': '42' } });
      expect(requests[1]!.body.includes(callId)).toBe(true);
    });
    await server.close();
  });
});

describe('postgres', () => {
  it('gets rows in a database of its own', async () => {
    const postgres = await PostgresServer.start();
    const config = {
      model_list: everyModelOf('openai'),
      litellm_settings: { success_callback: ['postgres'], database_url: postgres.url() },
    };
    // Beside the ledger's, which is not there in this test.
    const env = { DATABASE_URL: 'postgresql://ledger@127.0.0.1:1/ledger' };
    await withGateway({ config, env }, async (gateway) => {
      const callId = callIdOf(await chat(gateway, { model: 'openai/gpt-4o' }));
      const rows = await eventually(
        () => postgres.query('SELECT call_id, status, payload FROM turnpike_requests').catch(() => []),
        ({ length }) => length > 0,
      );
      expect(rows).toMatchObject([
        { call_id: callId, status: 'success', payload: { messages: [{ content: 'Hello' }] } },
      ]);
    });
    await postgres.remove();
  });

  it('leaves calls to the ledger where it has the ledger’s database, as the documents configure it', async () => {
    const config = {
      model_list: everyModelOf('openai'),
      litellm_settings: { success_callback: ['postgres'], database_url: 'postgresql://litellm@127.0.0.1:1/litellm' },
    };
    await withGateway({ config }, async (gateway) => {
      await gateway.waitForOutput(/calls are left to the ledger/);
      expect((await chat(gateway, { model: 'openai/gpt-4o' })).status).toBe(200);
    });
  });
});

describe('a file', () => {
  it('has a line for each call of all workers, for its owner alone', async () => {
    const config = {
      model_list: everyModelOf('openai'),
      litellm_settings: { callbacks: ['file'], file_logger_path: 'logs/calls.jsonl' },
      general_settings: { num_workers: 2 },
    };
    await withGateway({ config }, async (gateway) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          chat(gateway, { model: index === 0 ? 'openai/mock-400' : 'openai/gpt-4o' }),
        ),
      );
      await gateway.stop();
      const folder = join(gateway.folder, 'logs');
      const lines = readText(join(folder, 'calls.jsonl')).trimEnd().split('\n');
      const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
      expect(new Set(ids)).toEqual(new Set(answers.map(callIdOf)));
      expect([readdirSync(folder), statSync(join(folder, 'calls.jsonl')).mode & 0o777]).toEqual([
        ['calls.jsonl'],
        0o600,
      ]);
    });
  });
});

describe('a callback of one’s own', () => {
  it('hears every moment, as the example does', async () => {
    const config = {
      model_list: everyModelOf('openai'),
      plugins: [{ path: './custom-logger.ts' }],
      litellm_settings: { callbacks: ['custom-logger'], debug: true },
    };
    const files = { 'custom-logger.ts': readText(join(ROOT, 'docs', 'examples', 'custom-logger.ts')) };
    await withGateway({ config, files }, async (gateway) => {
      await chunksOf(chat(gateway, { model: 'openai/gpt-4o', stream: true }));
      await gateway.waitForOutput(/calling the model gpt-4o/);
      await gateway.waitForOutput(/the request took 0\.\d\d s/);
      await gateway.waitForOutput(/a chunk/);
      await gateway.waitForOutput(/✅ the call succeeded/);
      await chat(gateway, { model: 'openai/mock-500', num_retries: 0 });
      await gateway.waitForOutput(/❌ the call failed/);
    });
  });
});

describe('slack', () => {
  const said = (): string[] =>
    collector.requests
      .filter(({ path }) => path === '/services/made-up')
      .flatMap(({ body }) => (JSON.parse(body.toString()) as { text: string }).text.split('\n'));

  it('hears that a model fails, once for many calls and workers', async () => {
    const gateway = await startGateway({
      args: ['--num_workers', '2'],
      config: {
        model_list: everyModelOf('openai'),
        general_settings: {
          alerting: ['slack'],
          alert_types: ['outage_alerts', 'cooldown_deployment'],
          alerting_args: { minor_outage_alert_threshold: 2, major_outage_alert_threshold: 1_000 },
        },
      },
      env: { SLACK_WEBHOOK_URL: `${collector.url}/services/made-up` },
    });
    try {
      const messages = [{ role: 'user', content: 'a private thing' }];
      for (let call = 0; call < 12; call += 1) {
        await (await chat(gateway, { model: 'openai/mock-500', messages, num_retries: 1 })).text();
      }
      await eventually(said, (lines) => lines.length > 0);
      await gateway.stop();
      expect(said()).toEqual([expect.stringMatching(/^:warning: Outage: openai\/mock-500 failed \d+ times in 60 s/)]);
      expect(gateway.output()).not.toContain('made-up');
    } finally {
      await gateway.kill();
    }
  });
});
