// Traces at a real tracking server, where it is installed, and what becomes of a batch that it does not take.
import type { CallFinished } from '@turnpike/plugin-sdk';
import {
  aBareCallFinished,
  aCallFailed,
  aCallFinished,
  anEndedAttempt,
  fakeHost,
  type Script,
} from '@turnpike/plugin-testkit';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isMlflowInstalled, MlflowServer } from '../../../../test/services/mlflow.js';
import { realHttp } from '../../../../test/services/real-http.js';
import plugin from '../src/index.js';

jest.setTimeout(180_000);

type Json = ReturnType<typeof JSON.parse>;

const at = (settings: object, overrides: Record<string, unknown>) => {
  const host = fakeHost({ overrides });
  const { events } = plugin.init(plugin.config.parse(settings), host);
  return { host, tell: (...calls: CallFinished[]) => events.onSuccess!(calls, AbortSignal.timeout(9_000)) };
};

/** As the wire has it → plain: `{kvlist_value: {values: [{key: 'a', value: {string_value: 'b'}}]}}` → `{a: 'b'}`. */
const attributesOf = ({ attributes }: Json): Record<string, Json> =>
  Object.fromEntries(attributes.map(({ key, value }: Json) => [key, plainOf(value)]));

const plainOf = ({ kvlist_value: object, array_value: array, ...scalar }: Json): Json => {
  if (object) return attributesOf({ attributes: object.values });
  return array ? array.values.map(plainOf) : Object.values(scalar)[0];
};

const started = 1_795_000_000_000;
/** The server keeps a trace where its id was first seen, so calls of different tests have different ids. */
let number = 0;
const aTimedCall = (changes: Partial<CallFinished> = {}): CallFinished =>
  aCallFinished({
    callId: `timed-${(number += 1)}`,
    startedAt: started,
    endedAt: started + 850,
    attempts: [anEndedAttempt({ startedAt: started + 2, endedAt: started + 840 })],
    ...changes,
  });

(isMlflowInstalled ? describe : describe.skip)('a tracking server (test/services/mlflow-install.sh)', () => {
  let server: MlflowServer;
  beforeAll(async () => {
    server = await MlflowServer.start();
  });
  afterAll(() => server.stop());

  const open = (settings: object = {}) => at({ tracking_uri: server.url, ...settings }, { http: realHttp });

  const traced = async (name: string): Promise<Json[]> => server.traces(await server.experimentId(name));

  it('has a call as a trace with messages, tokens, cost, user and session', async () => {
    const { tell, host } = open({ experiment_name: 'litellm-production' });
    await tell(aTimedCall({ sessionId: 's-1', metadata: { trace_name: 'greeting' } }));
    const [{ trace_info: info, spans }] = (await traced('litellm-production')) as [Json];
    expect(info).toMatchObject({
      state: 'OK',
      execution_duration: '0.850s',
      request_preview: 'Hello',
      response_preview: 'Hi there!',
      tags: {
        call_id: 'timed-1',
        key_alias: 'test key',
        team: 'test team',
        tags: 'test',
        'mlflow.traceName': 'greeting',
      },
      trace_metadata: { 'mlflow.trace.user': 'end-user-1', 'mlflow.trace.session': 's-1' },
    });
    const { trace_metadata: told } = info;
    expect(JSON.parse(told['mlflow.trace.tokenUsage'])).toMatchObject({ input_tokens: 9, output_tokens: 3 });
    expect(JSON.parse(told['mlflow.trace.cost'])).toMatchObject({ total_cost: 0.000_054 });
    expect(spans.map(({ name }: Json) => name)).toEqual(['chat chat-large', 'attempt 1 large-2026-01-01']);
    expect(attributesOf(spans[0])).toMatchObject({
      'gen_ai.request.model': 'chat-large',
      'mlflow.spanType': 'CHAT_MODEL',
      'mlflow.spanInputs': { messages: [{ role: 'user', content: 'Hello' }] },
    });
    expect(host.logs).toEqual([]);
  });

  it('has failures and calls of which little is known', async () => {
    await open({ experiment_name: 'failures' }).tell(
      aCallFailed({ callId: 'failed', startedAt: started, endedAt: started + 10, attempts: [] }),
      aBareCallFinished({ callId: 'bare', operation: 'embeddings' }),
    );
    const states = (await traced('failures')).map(({ trace_info: { state, tags } }) => [tags.call_id, state]);
    expect(Object.fromEntries(states)).toEqual({ failed: 'ERROR', bare: 'OK' });
  });

  it('has each call once, however often it is told', async () => {
    const settings = { experiment_name: 'again' };
    const calls = [aTimedCall(), aTimedCall()];
    await open(settings).tell(...calls);
    await open(settings).tell(...calls);
    const traces = await traced('again');
    expect(traces.map(({ spans }) => spans.length)).toEqual([2, 2]);
  });

  it('has an experiment made once, by however many workers', async () => {
    const workers = Array.from({ length: 4 }, () => open({ experiment_name: 'Größe & Co/1' }));
    await Promise.all(workers.map(async ({ tell }) => tell(aTimedCall())));
    expect(await traced('Größe & Co/1')).toHaveLength(4);
  });

  it('takes what is odd', async () => {
    const text = 'a\0b \ud800 🚀 {"a":1}';
    const { tell, host } = open({ experiment_name: 'odd' });
    await tell(aTimedCall({ endUser: text, tags: [text], request: { messages: [{ role: 'user', content: text }] } }));
    expect(await traced('odd')).toHaveLength(1);
    expect(host.logs).toEqual([]);
  });

  it('knows nothing of what was said when message logging is off', async () => {
    await open({ experiment_name: 'quiet' }).tell(aTimedCall({ request: undefined, response: undefined }));
    expect(JSON.stringify(await traced('quiet'))).not.toMatch(/Hello|Hi there/);
  });

  it('says so when its experiment is deleted', async () => {
    const { tell } = open({ experiment_name: 'deleted' });
    await tell(aTimedCall());
    await server.ask('2.0/mlflow/experiments/delete', { experiment_id: await server.experimentId('deleted') });
    await expect(open({ experiment_name: 'deleted' }).tell(aTimedCall())).rejects.toThrow(
      'The MLflow experiment is deleted.',
    );
  });
});

describe('a batch', () => {
  const experiment = { body: { experiment: { experiment_id: '5', lifecycle_stage: 'active' } } };
  const open = (settings: object, ...answers: Script[]) => {
    const opened = at({ tracking_uri: 'https://me:made-up@mlflow.example.org/base/', ...settings }, {});
    opened.host.http.answer(...answers);
    opened.host.http.fallback = { status: 200 };
    return opened;
  };
  const calls = ['a', 'b', 'c'].map((callId) => aCallFinished({ callId }));

  it('goes to the experiment, with credentials, in protobuf', async () => {
    const { tell, host } = open({}, experiment);
    await tell(...calls);
    expect(host.http.requests).toMatchObject([
      { url: 'https://mlflow.example.org/base/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default' },
      {
        method: 'POST',
        url: 'https://mlflow.example.org/base/v1/traces',
        headers: {
          authorization: `Basic ${Buffer.from('me:made-up').toString('base64')}`,
          'content-type': 'application/x-protobuf',
          'x-mlflow-experiment-id': '5',
        },
      },
    ]);
  });

  it.each<[string, object, string]>([
    ['a token', { tracking_token: 't' }, 'Bearer t'],
    ['a user', { tracking_username: 'u', tracking_password: 'p' }, `Basic ${Buffer.from('u:p').toString('base64')}`],
  ])('is let in by %s', async (_title, settings, authorization) => {
    const { tell, host } = open({ ...settings, experiment_id: 3 });
    await tell(...calls);
    expect(host.http.requests).toMatchObject([{ headers: { authorization, 'x-mlflow-experiment-id': '3' } }]);
  });

  it('is asked about once', async () => {
    const { tell, host } = open({}, experiment);
    await tell(calls[0]!);
    await tell(calls[1]!);
    expect(host.http.requests.filter(({ url }) => url.includes('experiments'))).toHaveLength(1);
  });

  it.each<[string, Script[], string]>([
    ['MLflow is busy', [experiment, { status: 503 }], 'MLflow answered 503.'],
    ['the experiment is gone', [experiment, { status: 404 }], 'MLflow answered 404: the experiment is gone'],
    ['the experiment cannot be asked for', [{ status: 500 }], 'MLflow answered 500 when it was asked'],
    ['something else answers', [{ body: '<html>' }], 'MLflow answered with something that is no experiment.'],
    ['the experiment may not be made', [{ status: 404 }, { status: 403 }], 'MLflow answered 403 when it was asked'],
  ])('comes again when %s', async (_title, answers, message) => {
    const { tell, host } = open({}, ...answers);
    await expect(tell(...calls)).rejects.toThrow(message);
    host.http.fallback = ({ url }) => (url.includes('experiments') ? experiment : { status: 200 });
    await tell(...calls);
    expect(host.http.requests.at(-1)!.url).toMatch(/v1\/traces$/);
  });

  it('loses the one that is refused, and no other', async () => {
    const { tell, host } = open({}, experiment);
    host.http.fallback = ({ body }) => ({ status: Buffer.from(body as Uint8Array).includes('"b"') ? 422 : 200 });
    const odd = aCallFinished({ callId: 'odd', request: { messages: ['b'] } });
    await tell(...calls, odd);
    expect(host.counts).toEqual({ refused: 1 });
    expect(host.logs).toMatchObject([{ level: 'warn', fields: { status: 422, count: 1 } }]);
  });

  it('is taken without the one that fails, which comes again', async () => {
    const { tell, host } = open({}, experiment);
    host.http.fallback = ({ body }) => ({ status: Buffer.from(body as Uint8Array).includes('"b"') ? 500 : 200 });
    const batch = [...calls, aCallFinished({ callId: 'odd', request: { messages: ['b'] } })];
    await expect(tell(...batch)).rejects.toThrow('MLflow could not take 1 of 4 calls.');
    host.http.requests.length = 0;
    host.http.fallback = { status: 200 };
    await tell(...batch);
    expect(host.http.requests).toHaveLength(1);
    expect(Buffer.from(host.http.requests[0]!.body as Uint8Array).toString('latin1')).not.toContain('call-a');
  });

  it('that is long goes in several requests', async () => {
    const { tell, host } = open({ experiment_id: '1' });
    const prompt = 'x'.repeat(400_000);
    await tell(
      ...['a', 'b', 'c', 'd', 'e'].map((callId) => aCallFinished({ callId, request: { prompt }, response: undefined })),
    );
    expect(host.http.requests).toHaveLength(3);
  });
});
