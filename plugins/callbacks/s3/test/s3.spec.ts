// The callback against a server that reckons signatures itself.
import type { CallFinished } from '@turnpike/plugin-sdk';
import { aBareCallFinished, aCallFailed, aCallFinished, fakeHost, START_OF_TIME } from '@turnpike/plugin-testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { realHttp } from '../../../../test/services/real-http.js';
import { S3Server, signatureOf, type S3Object } from '../../../../test/services/s3.js';
import plugin from '../src/index.js';

const CREDENTIALS = { keyId: 'AKIAMADEUP0123456789', secret: 'made-up/secret+access=key', region: 'eu-central-1' };

let server: S3Server;
let objects: Map<string, S3Object>;
beforeAll(async () => {
  server = await S3Server.start(CREDENTIALS);
  server.now = () => START_OF_TIME;
});
afterAll(() => server.close());
beforeEach(() => {
  objects = server.bucket('calls');
  server.collector.requests.length = 0;
  server.collector.answering = (request) => server.answer(request);
});

const open = (settings: object = {}, http: typeof realHttp = realHttp) => {
  const host = fakeHost({ overrides: { http } });
  const config = {
    bucket_name: 'calls',
    region_name: 'eu-central-1',
    endpoint_url: server.url,
    aws_access_key_id: CREDENTIALS.keyId,
    aws_secret_access_key: CREDENTIALS.secret,
    ...settings,
  };
  const { events } = plugin.init(plugin.config.parse(config), host);
  return { host, events, tell: (...calls: CallFinished[]) => events.onSuccess!(calls, AbortSignal.timeout(5_000)) };
};

const numbered = (count: number, changes: Partial<CallFinished> = {}): CallFinished[] =>
  Array.from({ length: count }, (_, index) => aCallFinished({ callId: `call-${index}`, ...changes }));

const keys = (): string[] => [...objects.keys()].sort();

/** Ids of the calls in an object of lines. */
const idsIn = ({ body }: S3Object): string[] =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);

it('the server of these tests reckons signatures as Amazon’s documents do', () => {
  // docs: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Example: PUT Object"
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    date: 'Fri, 24 May 2013 00:00:00 GMT',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    authorization: 'SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,',
  };
  const credentials = {
    keyId: 'AKIAIOSFODNN7EXAMPLE',
    secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
  };
  expect(signatureOf({ method: 'PUT', path: '/test%24file.text', headers }, credentials)).toMatch(
    /Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/,
  );
});

describe('an object for each call', () => {
  it('has LiteLLM’s name and payload', async () => {
    const { tell, host } = open({ path: '/logs/litellm/' });
    await tell(...numbered(2), aCallFailed({ callId: 'failed' }), aBareCallFinished({ callId: 'bare' }));
    expect(host.logs).toEqual([]);
    expect(keys()).toEqual(
      ['bare', 'call-0', 'call-1', 'failed'].map((id) => `logs/litellm/2026-01-15/time-12-00-00-000000_${id}.json`),
    );
    const { body, headers } = objects.get('logs/litellm/2026-01-15/time-12-00-00-000000_call-0.json')!;
    expect(JSON.parse(body)).toMatchObject({ id: 'call-0', messages: [{ content: 'Hello' }], total_tokens: 12 });
    expect(headers['content-type']).toBe('application/json');
  });

  it('has no content when message logging is off', async () => {
    await open().tell(...numbered(1, { request: undefined, response: undefined }));
    expect([...objects.values()][0]!.body).not.toMatch(/Hello|Hi there/);
  });

  it('stands below its team and its key, where that is wanted', async () => {
    const { tell } = open({ use_team_prefix: 'true', use_key_prefix: true, path: 'logs' });
    await tell(aCallFinished({ callId: 'a', teamAlias: 'blue team', keyAlias: 'grün & co' }));
    await tell(aCallFinished({ callId: 'b', teamAlias: undefined, keyAlias: 'k' }));
    expect(keys().map((key) => key.replace(/2026.*_/, ''))).toEqual([
      'logs/blue team/grün & co/a.json',
      'logs/k/b.json',
    ]);
  });

  it.each([
    ['../../etc', '.._.._etc'],
    ['..', '__'],
    ['.', '_'],
    ['a/b\\c', 'a_b_c'],
    ['a\r\nb\0', 'a__b_'],
    ["it's (100% *free*)! + ü = ?#&", "it's (100% *free*)! + ü = ?#&"],
    ['\ud800', '\ufffd'],
    [`'; DROP TABLE calls; --`, `'; DROP TABLE calls; --`],
  ])('stays where it belongs whatever its team is called: %j', async (teamAlias, expected) => {
    await open({ use_team_prefix: true }).tell(aCallFinished({ callId: 'a', teamAlias }));
    expect(keys()).toEqual([`${expected}/2026-01-15/time-12-00-00-000000_a.json`]);
  });

  it('has a key that S3 takes however long its parts are, and another one each', async () => {
    const { tell, host } = open({ use_team_prefix: true, use_key_prefix: true });
    const long = '🚀'.repeat(5_000);
    const changes = { teamAlias: long, keyAlias: long };
    await tell(aCallFinished({ ...changes, callId: `${long}1` }), aCallFinished({ ...changes, callId: `${long}2` }));
    expect(host.counts).toEqual({});
    expect(objects.size).toBe(2);
  });
});

describe('an object of lines', () => {
  it('has a batch', async () => {
    await open({ format: 'jsonl' }).tell(...numbered(100));
    expect(keys()).toEqual(['2026-01-15/time-12-00-00-000000_call-0.jsonl']);
    expect(idsIn([...objects.values()][0]!)).toHaveLength(100);
  });

  it('has calls of one team and one day', async () => {
    await open({ format: 'jsonl', use_team_prefix: true }).tell(
      aCallFinished({ callId: 'a', teamAlias: 'blue' }),
      aCallFinished({ callId: 'b', teamAlias: 'red' }),
      aCallFinished({ callId: 'c', teamAlias: 'blue' }),
      aCallFinished({ callId: 'd', teamAlias: 'blue', startedAt: START_OF_TIME + 86_400_000 }),
    );
    expect(keys().map((key) => idsIn(objects.get(key)!))).toEqual([['a', 'c'], ['d'], ['b']]);
  });

  it('is begun anew when it is large', async () => {
    const request = { prompt: 'x'.repeat(3_000_000) };
    await open({ format: 'jsonl' }).tell(...numbered(5, { request, response: undefined }));
    expect(keys().map((key) => idsIn(objects.get(key)!).length)).toEqual([2, 2, 1]);
  });
});

describe('a request', () => {
  it('is signed with a token, and asks for encryption, where there are', async () => {
    const other = await S3Server.start({ ...CREDENTIALS, token: 'made-up-token' });
    other.now = () => START_OF_TIME;
    const stored = other.bucket('calls');
    const settings = { endpoint_url: other.url, aws_session_token: 'made-up-token', sse_kms_key_id: 'alias/calls' };
    await open(settings).tell(...numbered(1));
    expect([...stored.values()][0]!.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/calls',
    });
    await other.close();
  });

  it.each<[object, string]>([
    [{}, 'https://calls.s3.eu-central-1.amazonaws.com/'],
    [{ region_name: 'cn-north-1' }, 'https://calls.s3.cn-north-1.amazonaws.com.cn/'],
    [{ bucket_name: 'calls.of.mine' }, 'https://s3.eu-central-1.amazonaws.com/calls.of.mine/'],
    [{ endpoint_url: 'http://minio:9000/' }, 'http://minio:9000/calls/'],
    [{ endpoint_url: 'http://minio:9000', use_virtual_hosted_style: true }, 'http://calls.minio:9000/'],
  ])('goes to the bucket of %j', async (settings, address) => {
    const urls: string[] = [];
    const http = {
      request: ({ url }: { url: string }) =>
        Promise.resolve({ status: 200, headers: {}, body: new Uint8Array(), _: urls.push(url) }),
    };
    await open({ endpoint_url: undefined, ...settings }, http).tell(...numbered(1));
    expect(urls).toEqual([`${address}2026-01-15/time-12-00-00-000000_call-0.json`]);
  });
});

describe('what S3 does not take', () => {
  it.each<[string, object, number, string]>([
    ['a wrong secret', { aws_secret_access_key: 'wrong' }, 403, 'SignatureDoesNotMatch'],
    ['an unknown key', { aws_access_key_id: 'AKIAOTHER' }, 403, 'InvalidAccessKeyId'],
    ['a wrong region', { region_name: 'us-east-1' }, 403, 'SignatureDoesNotMatch'],
    ['a bucket that is not there', { bucket_name: 'gone' }, 404, 'NoSuchBucket'],
  ])('for %s is given up, with its reason and no secret in the log', async (_title, settings, status, reason) => {
    const { tell, host } = open(settings);
    await tell(...numbered(1));
    expect(host.logs).toMatchObject([{ level: 'warn', fields: { status, count: 1, reason } }]);
    expect(host.counts).toEqual({ refused: 1 });
    expect(JSON.stringify(host.logs)).not.toMatch(/wrong|AKIA|secret/);
  });

  it.each([500, 503, 429])('at the moment (%d) comes again, without what was taken', async (status) => {
    const { tell, host } = open();
    let isFailing = true;
    server.collector.answering = (request) =>
      isFailing && request.path.includes('call-7') ? { status } : server.answer(request);
    const calls = numbered(40);
    await expect(tell(...calls)).rejects.toThrow(`S3 answered ${status}.`);
    isFailing = false;
    server.collector.requests.length = 0;
    await tell(...calls);
    expect(objects.size).toBe(40);
    expect(server.collector.requests.length).toBeLessThan(40);
    expect(host.counts).toEqual({});
  });

  it('while it is down is asked for a few times only', async () => {
    let asked = 0;
    const http = { request: () => Promise.reject(new Error(`refused ${(asked += 1)}`)) };
    await expect(open({}, http).tell(...numbered(100))).rejects.toThrow('refused');
    expect(asked).toBeLessThanOrEqual(16);
  });
});
