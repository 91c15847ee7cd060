// Several sinks at once, as LiteLLM's documents configure them: each gets the same call, in its own way.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { Collector } from '../services/collector.js';
import { DatadogServer } from '../services/datadog.js';
import { LangsmithServer } from '../services/langsmith.js';
import { S3Server } from '../services/s3.js';
import { chat, metricsOf, okJson, send, type Json } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';
import { everyModelOf } from './upstreams.js';

jest.setTimeout(120_000);

const s3Keys = { keyId: 'AKIAMADEUP0123456789', secret: 'made-up-secret-access-key', region: 'eu-central-1' };
const [langsmith, datadog, s3, audit, billing, webhook] = await Promise.all([
  LangsmithServer.start(),
  DatadogServer.start('made-up-datadog-key'),
  S3Server.start(s3Keys),
  Collector.start(),
  Collector.start(),
  Collector.start(),
]);
afterAll(() => Promise.all([langsmith, datadog, s3, audit, billing, webhook].map((server) => server.close())));

const runs = langsmith.workspace('lsv2_of_the_file');
const ofKey = langsmith.workspace('lsv2_of_a_key');
const objects = s3.bucket('calls');

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: everyModelOf('openai'),
      general_settings: { alerting: ['webhook'] },
      litellm_settings: {
        callbacks: ['langsmith', 's3_v2', 'datadog', 'audit', 'billing'],
        s3_callback_params: {
          s3_bucket_name: 'calls',
          s3_region_name: 'eu-central-1',
          s3_aws_access_key_id: 'os.environ/THE_KEY_ID',
          s3_aws_secret_access_key: 'os.environ/THE_SECRET',
          s3_endpoint_url: s3.url,
          s3_path: 'logs',
          s3_flush_interval: 1,
        },
        datadog_params: { turn_off_message_logging: true },
        dd_flush_interval: 1,
      },
      callback_settings: {
        audit: {
          callback_type: 'generic_api',
          endpoint: `${audit.url}/audit`,
          headers: { Authorization: 'os.environ/AUDIT_TOKEN' },
          log_format: 'ndjson',
        },
        billing: {
          callback_type: 'generic_api',
          endpoint: `${billing.url}/billing`,
          event_types: ['llm_api_success'],
          log_format: 'single',
          message_logging: false,
        },
      },
    },
    env: {
      LANGSMITH_API_KEY: 'lsv2_of_the_file',
      LANGSMITH_BASE_URL: langsmith.url,
      LANGSMITH_PROJECT: 'e2e',
      THE_KEY_ID: s3Keys.keyId,
      THE_SECRET: s3Keys.secret,
      DD_API_KEY: 'made-up-datadog-key',
      DD_BASE_URL: datadog.url,
      DD_ENV: 'e2e',
      AUDIT_TOKEN: 'Bearer made-up-audit-token',
      WEBHOOK_URL: `${webhook.url}/alerts`,
    },
  });
  await eventually(
    async () => (await send(gateway, '/key/list')).status,
    (status) => status === 200,
    30_000,
  );
});
afterAll(() => gateway.kill());

const callIdOf = (answer: Response): string => answer.headers.get('x-litellm-call-id')!;

const found = <T>(look: () => T | undefined): Promise<T> => eventually(look, (one) => one !== undefined) as Promise<T>;

const linesIn = (collector: Collector): Json[] =>
  collector.requests.flatMap(({ body }) =>
    body
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );

describe('a call', () => {
  let callId: string;
  beforeAll(async () => {
    callId = callIdOf(await chat(gateway, { model: 'openai/gpt-4o', metadata: { tags: ['blue'], run_name: 'first' } }));
  });

  it('is a run of LangSmith', async () => {
    const run = await found(() =>
      [...runs.values()].find(({ extra }) => extra!['metadata'].litellm_call_id === callId),
    );
    expect(run).toMatchObject({
      name: 'first',
      session_name: 'e2e',
      inputs: { messages: [{ content: 'Hello' }] },
      outputs: { choices: [{ message: { content: 'Mock answer to: Hello' } }] },
      tags: ['blue'],
      extra: { metadata: { ls_model_name: 'gpt-4o', usage_metadata: { total_cost: expect.any(Number) } } },
    });
  });

  it('is an object of S3', async () => {
    const key = await found(() => [...objects.keys()].find((name) => name.includes(callId)));
    expect(key).toMatch(/^logs\/\d{4}-\d\d-\d\d\/time-[\d-]+_/);
    expect(JSON.parse(objects.get(key)!.body)).toMatchObject({ id: callId, messages: [{ content: 'Hello' }] });
  });

  it('is an entry of Datadog, without what was said', async () => {
    const entry = await found(() => datadog.entries.find(({ message }) => message.includes(callId)));
    expect(entry.ddtags).toContain('env:e2e');
    expect(entry.ddtags).toContain('request_tag:blue');
    expect(entry.message).not.toMatch(/Hello/);
    expect(gunzipSync(datadog.collector.requests[0]!.body).toString()).toContain('"ddsource":"litellm"');
  });

  it('is posted to each generic API as that wants it', async () => {
    const told = await found(() => linesIn(audit).find(({ id }) => id === callId));
    expect(told.messages).toEqual([{ role: 'user', content: 'Hello' }]);
    expect(audit.requests[0]!.headers).toMatchObject({
      authorization: 'Bearer made-up-audit-token',
      'content-type': 'application/x-ndjson',
    });
    const billed = await found(() => linesIn(billing).find(({ id }) => id === callId));
    expect([billed.messages, billed.response, billed.total_tokens]).toEqual([undefined, undefined, expect.any(Number)]);
    expect(billing.requests[0]!.headers['authorization']).toBeUndefined();
  });

  it('that failed is told to those who want failures', async () => {
    const failed = callIdOf(await chat(gateway, { model: 'openai/mock-500', num_retries: 0 }));
    expect((await found(() => linesIn(audit).find(({ id }) => id === failed))).status).toBe('failure');
    await found(() => [...runs.values()].find(({ extra }) => extra!['metadata'].litellm_call_id === failed));
    expect(linesIn(billing).map(({ id }) => id)).not.toContain(failed);
  });

  it('of a key goes to that key’s workspace of LangSmith', async () => {
    const vars = { langsmith_api_key: 'lsv2_of_a_key', langsmith_project: 'its own' };
    const logging = [{ callback_name: 'langsmith', callback_type: 'success', callback_vars: vars }];
    const { key } = await okJson(send(gateway, '/key/generate', { body: { metadata: { logging } } }));
    const own = callIdOf(await chat(gateway, { model: 'openai/gpt-4o' }, { key }));
    const isOwn = ({ extra }: Json): boolean => extra.metadata.litellm_call_id === own;
    expect((await found(() => [...ofKey.values()].find(isOwn))).session_name).toBe('its own');
    expect([...runs.values()].some(isOwn)).toBe(false);
  });
});

describe('alerting to a webhook alone', () => {
  it('tells of a budget that is spent, and of no calls', async () => {
    const wish = { max_budget: 0.000001, key_alias: 'poor' };
    const { key } = await okJson(send(gateway, '/key/generate', { body: wish }));
    await chat(gateway, { model: 'openai/gpt-4o' }, { key });
    const crossed = await found(() => linesIn(webhook).find(({ event }) => event === 'budget_crossed'));
    expect(crossed).toMatchObject({
      event_group: 'key',
      key_alias: 'poor',
      max_budget: 0.000001,
      spend: expect.any(Number),
      event_message: expect.stringContaining('is used up'),
    });
    expect(webhook.requests.map(({ path }) => path)).toEqual(webhook.requests.map(() => '/alerts'));
    expect(linesIn(webhook).filter(({ messages }) => messages)).toEqual([]);
  });
});

describe('operators', () => {
  const names = ['langsmith', 's3_v2', 'datadog', 'audit', 'billing'];

  it('see the callbacks, and that they work', async () => {
    expect(await okJson(send(gateway, '/callbacks/list'))).toMatchObject({ success_and_failure: names });
    expect((await okJson(send(gateway, '/active/callbacks')))['litellm.callbacks']).toEqual(names);
    for (const name of [...names, 'webhook'])
      expect(await okJson(send(gateway, `/health/services?service=${name}`))).toMatchObject({ status: 'success' });
  });

  it('see what waits for each', async () => {
    const { text } = await metricsOf(gateway);
    for (const callback of names) {
      expect(text).toMatch(new RegExp(`^turnpike_callback_queue_depth\\{callback="${callback}"\\} \\d+$`, 'm'));
      expect(text).toMatch(new RegExp(`^turnpike_callback_queue_bytes\\{callback="${callback}"\\} \\d+$`, 'm'));
    }
  });

  it('find no secret of theirs in the log', () => {
    expect(gateway.output()).not.toMatch(/lsv2_of|made-up-(secret|datadog|audit)/);
  });
});
