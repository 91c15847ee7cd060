import { aCallFailed, aCallFinished, fakeHost, START_OF_TIME, someAlerts } from '@turnpike/plugin-testkit';
import type { CallFinished, HttpRequest } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isFromGateway } from '../examples/verify.js';
import plugins from '../src/index.js';

const [webhook, genericApi] = plugins;

const URL_WITH_TOKEN = 'https://logs.example.org/in?key=made-up';

const open = (settings: object = {}, plugin = webhook!) => {
  const host = fakeHost();
  host.http.fallback = { status: 200 };
  const { events } = plugin.init(plugin.config.parse({ url: URL_WITH_TOKEN, ...settings }) as never, host);
  const signal = AbortSignal.timeout(5_000);
  return {
    host,
    events,
    tell: (...calls: CallFinished[]) => events.onSuccess!(calls, signal),
    alert: () => events.onAlert!(someAlerts(), signal),
    requests: host.http.requests,
  };
};

const calls = (count: number, changes: Partial<CallFinished> = {}): CallFinished[] =>
  Array.from({ length: count }, (_, index) => aCallFinished({ callId: `call-${index}`, ...changes }));

const textOf = ({ body }: HttpRequest): string => String(body);

describe('calls are posted', () => {
  it('as an array of standard logging payloads', async () => {
    const { tell, requests } = open();
    await tell(...calls(2), aCallFailed({ callId: 'failed' }));
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'POST', url: URL_WITH_TOKEN });
    expect(requests[0]!.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(JSON.parse(textOf(requests[0]!))).toMatchObject([
      { id: 'call-0', status: 'success', messages: [{ content: 'Hello' }], total_tokens: 12 },
      { id: 'call-1' },
      { id: 'failed', status: 'failure', error_information: { error_class: 'GW_UPSTREAM_UNAVAILABLE' } },
    ]);
  });

  it('as lines', async () => {
    const { tell, requests } = open({ format: 'ndjson' });
    await tell(...calls(2, { request: { prompt: 'two\nlines' } }));
    expect(requests[0]!.headers).toMatchObject({ 'content-type': 'application/x-ndjson' });
    expect(textOf(requests[0]!).split('\n')).toEqual([
      expect.stringContaining('call-0'),
      expect.stringContaining('call-1'),
      '',
    ]);
  });

  it('one by one', async () => {
    const { tell, requests } = open({ format: 'single' });
    await tell(...calls(20));
    const ids = requests.map((request) => (JSON.parse(textOf(request)) as { id: string }).id);
    expect(new Set(ids)).toEqual(new Set(calls(20).map(({ callId }) => callId)));
  });

  it('in several bodies where they are long', async () => {
    const { tell, requests } = open();
    await tell(...calls(5, { request: { prompt: 'x'.repeat(400_000) }, response: undefined }));
    expect(requests.map((request) => (JSON.parse(textOf(request)) as unknown[]).length)).toEqual([2, 2, 1]);
  });

  it('without what was said when message logging is off', async () => {
    const { tell, requests } = open();
    await tell(...calls(1, { request: undefined, response: undefined }));
    expect(textOf(requests[0]!)).not.toMatch(/Hello|Hi there/);
  });

  it.each<[string, object, Record<string, string>]>([
    [
      'an object',
      { headers: { Authorization: 'Bearer t', 'X-Own': '1' } },
      { authorization: 'Bearer t', 'x-own': '1' },
    ],
    ['text', { headers: 'Authorization=Bearer t, x-own=a=b' }, { authorization: 'Bearer t', 'x-own': 'a=b' }],
    [
      'the address',
      { url: 'https://me:pass%40word@logs.example.org/' },
      { authorization: `Basic ${Buffer.from('me:pass@word').toString('base64')}` },
    ],
  ])('with headers from %s', async (_title, settings, headers) => {
    const { tell, requests } = open(settings);
    await tell(...calls(1));
    expect(requests[0]!.headers).toMatchObject(headers);
    expect(requests[0]!.url).not.toContain('pass');
  });

  it('to LiteLLM’s generic API, successes alone if that is wanted', async () => {
    const settings = { endpoint: 'https://api.example.org/logs', event_types: ['llm_api_success'], url: undefined };
    const { url: _, ...own } = settings;
    const host = fakeHost();
    const { events } = genericApi!.init(genericApi!.config.parse(own) as never, host);
    expect(Object.keys(events)).toEqual(['delivery', 'onSuccess']);
  });
});

describe('a failure', () => {
  it.each([500, 503, 429, 408])('%d makes the batch come again', async (status) => {
    const { tell, host } = open();
    host.http.fallback = { status };
    await expect(tell(...calls(2))).rejects.toThrow(`The webhook answered ${status}.`);
    expect(host.counts).toEqual({});
  });

  it.each([400, 401, 404, 413, 301])('%d is final, counted and told without the address', async (status) => {
    const { tell, host } = open();
    host.http.fallback = { status };
    await tell(...calls(2));
    expect(host.counts).toEqual({ refused: 2 });
    expect(host.logs).toEqual([expect.objectContaining({ level: 'warn', fields: { status, count: 2 } })]);
    expect(JSON.stringify(host.logs)).not.toMatch(/made-up|logs\.example/);
  });

  it('does not post again what was taken', async () => {
    const { tell, host, requests } = open({ format: 'single' });
    const batch = calls(10);
    host.http.fallback = ({ body }) => ({ status: String(body).includes('"id":"call-7"') ? 503 : 200 });
    await expect(tell(...batch)).rejects.toThrow('The webhook answered 503.');
    host.http.fallback = { status: 200 };
    requests.length = 0;
    await tell(...batch);
    const again = requests.map((request) => (JSON.parse(textOf(request)) as { id: string }).id);
    expect(again).toContain('call-7');
    expect(again.length).toBeLessThan(4);
  });
});

describe('a signed body', () => {
  const SECRET = 'made-up-signing-secret';
  const python = (body: string, signature: string): string =>
    spawnSync(
      'python3',
      [
        '-c',
        'import sys; sys.path.insert(0, sys.argv[1]); from verify import is_from_gateway; ' +
          'print(is_from_gateway(sys.stdin.buffer.read(), sys.argv[2], sys.argv[3]))',
        fileURLToPath(new URL('../examples', import.meta.url)),
        signature,
        SECRET,
      ],
      { input: body, encoding: 'utf8' },
    ).stdout.trim();

  const signed = async (epochMs: number) => {
    const { tell, host, requests } = open({ secret: SECRET });
    host.clock.set(epochMs);
    await tell(...calls(1, { request: { prompt: 'Grüße 🚀' } }));
    const [request] = requests;
    return { body: textOf(request!), signature: request!.headers!['x-turnpike-signature']! };
  };

  it('is known by what the examples check', async () => {
    const { body, signature } = await signed(Date.now());
    expect(isFromGateway(Buffer.from(body), signature, SECRET)).toBe(true);
    expect(python(body, signature)).toBe('True');
  });

  it.each([
    ['another body', (body: string, signature: string) => [`${body} `, signature] as const],
    ['another time', (body: string, signature: string) => [body, signature.replace(/t=\d/, 't=9')] as const],
    ['no signature', (body: string) => [body, ''] as const],
    ['nonsense', (body: string) => [body, `t=1,v1=${'z'.repeat(64)}`] as const],
  ])('is not known with %s', async (_title, change) => {
    const { body, signature } = await signed(Date.now());
    const [otherBody, otherSignature] = change(body, signature);
    expect(isFromGateway(Buffer.from(otherBody), otherSignature, SECRET)).toBe(false);
    expect(python(otherBody, otherSignature)).toBe('False');
  });

  it('is not known when it is old', async () => {
    const { body, signature } = await signed(Date.now() - 600_000);
    expect(isFromGateway(Buffer.from(body), signature, SECRET)).toBe(false);
    expect(python(body, signature)).toBe('False');
  });

  it('says when it was sent', async () => {
    const { signature } = await signed(START_OF_TIME);
    expect(signature).toMatch(new RegExp(`^t=${START_OF_TIME / 1_000},v1=[0-9a-f]{64}$`));
  });
});

describe('alerts are posted', () => {
  it('one by one, in LiteLLM’s words', async () => {
    const { alert, requests } = open();
    await alert();
    expect(requests.map((request) => JSON.parse(textOf(request)) as unknown)).toEqual([
      {
        spend: 8.5,
        max_budget: 10,
        soft_budget: null,
        token: '3f2a',
        key_alias: 'test key',
        event: 'threshold_crossed',
        event_group: 'key',
        event_message: '8.5 USD are spent of 10 USD (85 %), the budget of key test key.',
        timestamp: '2026-01-15T12:00:00.000Z',
      },
      expect.objectContaining({
        event: 'deployment_cooled_down',
        event_group: 'proxy',
        model_id: 'deployment-0',
        event_message: expect.stringContaining('GW_UPSTREAM_UNAVAILABLE'),
      }),
      expect.objectContaining({ event: 'state_began', state: 'ledger_away', event_message: 'The ledger is away.' }),
    ]);
  });

  it('to an address of their own', async () => {
    const { alert, tell, requests } = open({ alert_url: 'https://alerts.example.org/' });
    await alert();
    await tell(...calls(1));
    expect(requests.map(({ url }) => new URL(url).hostname)).toEqual([
      ...Array<string>(3).fill('alerts.example.org'),
      'logs.example.org',
    ]);
  });

  it('once, whatever they are told again', async () => {
    const { alert, requests, host } = open();
    host.http.answer({ status: 200 }, { status: 503 });
    await expect(alert()).rejects.toThrow('The webhook answered 503.');
    await alert();
    await alert();
    expect(requests).toHaveLength(4);
  });

  it('unless they are not wanted', () => {
    expect(open({ send_alerts: false }).events.onAlert).toBeUndefined();
    expect(open({ send_alerts: 'false' }).events.onAlert).toBeUndefined();
  });
});
