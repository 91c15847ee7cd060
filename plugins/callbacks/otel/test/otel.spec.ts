import { aCallFailed, aCallFinished, anEndedAttempt, fakeHost } from '@turnpike/plugin-testkit';
import type { CallFinished } from '@turnpike/plugin-sdk';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isOtelcolInstalled, Otelcol } from '../../../../test/services/otelcol.js';
import { realHttp } from '../../../../test/services/real-http.js';
import plugin from '../src/index.js';
import { histogramsOf } from '../src/metrics.js';

jest.setTimeout(60_000);

const open = (settings: object = {}) => {
  const host = fakeHost();
  host.http.fallback = { status: 200 };
  const { events } = plugin.init(plugin.config.parse(settings), host);
  const tell = (...calls: CallFinished[]) => events.onSuccess!(calls, AbortSignal.timeout(5_000));
  const textOf = (index: number): string =>
    Buffer.from(host.http.requests[index]!.body as Uint8Array).toString('latin1');
  return { host, tell, textOf, urls: () => host.http.requests.map(({ url }) => url) };
};

describe('a collector', () => {
  it.each([
    [{}, 'http://localhost:4318/v1/'],
    [{ endpoint: 'https://otlp.example.org/otel/' }, 'https://otlp.example.org/otel/v1/'],
    [{ endpoint: 'https://otlp.example.org/v1/traces' }, 'https://otlp.example.org/v1/'],
  ])('of %j gets traces and metrics', async (settings, base) => {
    const { tell, urls, host } = open({ ...settings, headers: 'api-key=made%20up,x=a=b' });
    await tell(aCallFinished());
    expect(urls()).toEqual([`${base}traces`, `${base}metrics`]);
    expect(host.http.requests[0]!.headers).toEqual({
      'api-key': 'made up',
      x: 'a=b',
      'content-type': 'application/x-protobuf',
    });
  });

  it('hears what was said only where that is wanted', async () => {
    for (const [settings, hears] of [
      [{}, false],
      [{ send_content: 'true' }, true],
      [{ message_logging: true }, true],
      [{ message_logging: 'false', send_content: true }, false],
    ] as const) {
      const { tell, textOf } = open(settings);
      await tell(aCallFinished());
      expect([textOf(0).includes('Hello'), textOf(0).includes('Hi there!')]).toEqual([hears, hears]);
      expect(textOf(1)).not.toMatch(/Hello|Hi there/);
    }
  });

  it('gets the call as a child of the client’s span', async () => {
    const { tell, textOf } = open();
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    await tell(aCallFinished({ headers: { traceparent: `00-${traceId}-${spanId}-01` } }));
    for (const id of [traceId, spanId]) expect(textOf(0)).toContain(Buffer.from(id, 'hex').toString('latin1'));
  });

  it('gets what it has not taken again, and no more', async () => {
    const { tell, urls, host } = open();
    host.http.fallback = ({ url }) => ({ status: url.endsWith('metrics') ? 503 : 200 });
    const call = aCallFinished();
    await expect(tell(call)).rejects.toThrow('The collector answered 503.');
    host.http.fallback = { status: 200 };
    await tell(call);
    expect(urls().map((url) => url.slice(-7))).toEqual(['/traces', 'metrics', 'metrics']);
  });

  it('that takes no metrics is not asked again', async () => {
    const { tell, urls, host } = open();
    host.http.fallback = ({ url }) => ({ status: url.endsWith('metrics') ? 404 : 200 });
    await tell(aCallFinished());
    await tell(aCallFinished());
    expect(urls().map((url) => url.slice(-7))).toEqual(['/traces', 'metrics', '/traces']);
  });

  it('may be the log', async () => {
    const { tell, host, urls } = open({ exporter: 'console' });
    await tell(aCallFinished());
    expect(urls()).toEqual([]);
    expect(host.logs.map(({ fields }) => (fields!['span'] as { name: string }).name)).toEqual([
      'chat chat-large',
      'attempt 1 large-2026-01-01',
    ]);
  });

  it('over gRPC is refused with the way out', () => {
    expect(() => plugin.config.parse({ exporter: 'otlp_grpc' })).toThrow(/OTLP over HTTP at port 4318/);
  });
});

describe('metrics', () => {
  it('have a point for each kind of call', () => {
    const [tokens, seconds] = histogramsOf([aCallFinished(), aCallFinished(), aCallFailed()]);
    expect(tokens!.points.map(({ attributes, values }) => [attributes['gen_ai.token.type'], values])).toEqual([
      ['input', [9, 9]],
      ['output', [3, 3]],
    ]);
    expect(seconds!.points.map(({ attributes, values }) => [attributes['error.type'], values])).toEqual([
      [undefined, [0.85, 0.85]],
      ['GW_UPSTREAM_UNAVAILABLE', [0.85]],
    ]);
    expect(seconds!.points[0]!.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'sample',
      'gen_ai.request.model': 'chat-large',
      'gen_ai.response.model': 'large-2026-01-01',
    });
  });

  it('know no name that nobody serves', () => {
    const [seconds] = histogramsOf([
      aCallFailed({ model: 'x'.repeat(99), upstreamModel: undefined, usage: undefined }),
    ]);
    expect(seconds!.points[0]!.attributes['gen_ai.request.model']).toBeUndefined();
  });
});

type Json = ReturnType<typeof JSON.parse>;

/** `{key, value: {stringValue}}` → `{key: value}`. */
const plain = (attributes: Json[]): Json =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const STARTED = 1_795_000_000_000;

(isOtelcolInstalled ? describe : describe.skip)('a real collector (test/services/otelcol-install.sh)', () => {
  let collector: Otelcol;
  beforeAll(async () => {
    collector = await Otelcol.start();
    const { events } = plugin.init(
      plugin.config.parse({ endpoint: collector.url, service_name: 'llm-gateway', send_content: 'true' }),
      fakeHost({ overrides: { http: realHttp } }),
    );
    const call = aCallFinished({
      startedAt: STARTED,
      endedAt: STARTED + 850,
      headers: { traceparent: `00-${TRACE}-${SPAN}-01` },
      attempts: [anEndedAttempt({ startedAt: STARTED + 2, endedAt: STARTED + 840 })],
    });
    await events.onSuccess!([call], AbortSignal.timeout(9_000));
  });
  afterAll(() => collector.stop());

  it('reads the call and its attempts as spans of the client’s trace', async () => {
    const [{ resource, scopeSpans }] = (await collector.heard('traces')).resourceSpans;
    expect(plain(resource.attributes)).toMatchObject({ 'service.name': 'llm-gateway' });
    const [call, attempt] = scopeSpans[0].spans as [Json, Json];
    expect(call).toMatchObject({
      traceId: TRACE,
      parentSpanId: SPAN,
      name: 'chat chat-large',
      kind: 2,
      startTimeUnixNano: `${STARTED}000000`,
      endTimeUnixNano: `${STARTED + 850}000000`,
    });
    expect(attempt).toMatchObject({ traceId: TRACE, parentSpanId: call.spanId, name: 'attempt 1 large-2026-01-01' });
    expect(plain(call.attributes)).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'chat-large',
      'gen_ai.usage.input_tokens': '9',
      'gen_ai.usage.output_tokens': '3',
    });
    expect(JSON.stringify(call.attributes)).toContain('Hi there!');
  });

  it('reads histograms of tokens and time', async () => {
    const { metrics } = (await collector.heard('metrics')).resourceMetrics[0].scopeMetrics[0];
    expect(metrics.map(({ name, unit }: Json) => [name, unit])).toEqual([
      ['gen_ai.client.token.usage', '{token}'],
      ['gen_ai.client.operation.duration', 's'],
    ]);
    const [tokens, seconds] = metrics.map(({ histogram }: Json) => histogram);
    expect(tokens.dataPoints.map(({ attributes, sum }: Json) => [plain(attributes)['gen_ai.token.type'], sum])).toEqual(
      [
        ['input', 9],
        ['output', 3],
      ],
    );
    expect(seconds.dataPoints[0]).toMatchObject({ count: '1', sum: 0.85 });
  });
});
