import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { UpstreamClient, type OutgoingRequest, type ResponseSink } from './client.js';
import { DEFAULT_HTTP_SETTINGS } from './settings.js';

const sockets = new Set<Socket>();
let server: Server;
let base: string;
const closed: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = request.url ?? '';
    request.on('close', () => response.writableFinished || closed.push(url));
    if (url.startsWith('/redirect')) {
      const left = Number(url.slice(9));
      response.writeHead(302, { location: left > 0 ? `/redirect${left - 1}` : '/hello' }).end();
    } else if (url === '/hang') {
      // Never answers.
    } else if (url === '/silent') response.write('begin');
    else if (url === '/cut') {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    } else if (url === '/big') response.end(Buffer.alloc(100_000));
    else if (url === '/drip') {
      let sent = 0;
      const timer = setInterval(() => {
        response.write(`${sent}`);
        if ((sent += 1) === 5) {
          clearInterval(timer);
          response.end();
        }
      }, 5);
    } else {
      response.writeHead(url === '/fail' ? 500 : 200, { 'x-test': 'yes' });
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => response.end(`hello ${request.method} ${body}`));
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const client = new UpstreamClient(DEFAULT_HTTP_SETTINGS);
afterAll(() => client.close(100));

const request = (path: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: 'GET',
  url: `${base}${path}`,
  headers: {},
  headTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
  ...more,
});

/** Records what a sink hears. */
class Recorder implements ResponseSink {
  readonly heard: string[] = [];
  readonly done: Promise<this>;
  private finish!: (self: this) => void;

  constructor() {
    this.done = new Promise((resolve) => (this.finish = resolve));
  }

  onHead(status: number): void {
    this.heard.push(`head ${status}`);
  }

  onData(chunk: Buffer): void {
    this.heard.push(`data ${chunk.toString()}`);
  }

  onEnd(): void {
    this.heard.push('end');
    this.finish(this);
  }

  onError(error: { code: string }): void {
    this.heard.push(`error ${error.code}`);
    this.finish(this);
  }
}

const record = async (outgoing: OutgoingRequest): Promise<string[]> => {
  const recorder = new Recorder();
  client.send(outgoing, recorder);
  return (await recorder.done).heard;
};

describe('UpstreamClient.send', () => {
  it('hands over head, data and end', async () => {
    const heard = await record(request('/hello', { method: 'POST', body: Buffer.from('body') }));
    expect(heard).toEqual(['head 200', 'data hello POST body', 'end']);
  });

  it('hands over failed answers like any other', async () => {
    expect((await record(request('/fail')))[0]).toBe('head 500');
  });

  it('hands over each piece as it arrives', async () => {
    expect((await record(request('/drip'))).filter((line) => line.startsWith('data')).length).toBeGreaterThan(2);
  });

  it.each([
    ['nobody listens', 'http://127.0.0.1:1/', 'GW_UPSTREAM_CONNECTION'],
    ['the name does not resolve', 'http://nowhere.invalid/', 'GW_UPSTREAM_CONNECTION'],
    ['TLS meets a plain port', '', 'GW_UPSTREAM_CONNECTION'],
  ])('reports one error when %s', async (_, url, code) => {
    const outgoing = request('/', { url: url || base.replace('http:', 'https:') });
    expect(await record(outgoing)).toEqual([`error ${code}`]);
  });

  it('says that an answer was cut when the connection breaks inside it', async () => {
    expect((await record(request('/cut'))).at(-1)).toBe('error GW_STREAM_CUT');
  });

  it.each(['/hang', '/silent'])('bounds the wait for %s', async (path) => {
    // The library measures in steps of half a second.
    const heard = await record(request(path, { headTimeoutMs: 100, idleTimeoutMs: 100 }));
    expect(heard.at(-1)).toBe('error GW_TIMEOUT');
  });

  it('hears nothing after an abort, and the upstream sees the connection close', async () => {
    const recorder = new Recorder();
    const transfer = client.send(request('/silent?abort'.replace('?abort', '')), recorder);
    while (!recorder.heard.includes('data begin')) await new Promise((resolve) => setTimeout(resolve, 5));
    closed.length = 0;
    transfer.abort();
    while (!closed.includes('/silent')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(recorder.heard).toEqual(['head 200', 'data begin']);
  });

  it('can be aborted before it is under way', async () => {
    const recorder = new Recorder();
    client.send(request('/hello'), recorder).abort();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(recorder.heard).toEqual([]);
  });

  it('holds data back while paused', async () => {
    const recorder = new Recorder();
    const transfer = client.send(request('/drip'), recorder);
    while (recorder.heard.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    transfer.pause();
    const before = recorder.heard.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(recorder.heard.length).toBeLessThanOrEqual(before + 1);
    transfer.resume();
    expect((await recorder.done).heard.at(-1)).toBe('end');
  });

  it('ends only its own request when a sink throws', async () => {
    const recorder = new Recorder();
    recorder.onData = () => {
      throw new Error('broken sink');
    };
    client.send(request('/hello'), recorder);
    expect((await recorder.done).heard.at(-1)).toMatch(/^error /);
    expect((await record(request('/hello'))).at(-1)).toBe('end');
  });

  it('refuses an address that is no URL', () => {
    expect(() => client.send(request('', { url: 'not a url' }), new Recorder())).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_CONNECTION' }),
    );
  });

  it('refuses guarded requests to this machine', () => {
    expect(() => client.send(request('/hello', { isGuarded: true }), new Recorder())).toThrow(
      expect.objectContaining({ code: 'GW_EGRESS_REFUSED' }),
    );
  });
});

describe('UpstreamClient.request', () => {
  it('gives the whole answer', async () => {
    const answer = await client.request({ url: `${base}/hello` });
    expect([answer.status, answer.headers['x-test'], Buffer.from(answer.body).toString()]).toEqual([
      200,
      'yes',
      'hello GET ',
    ]);
  });

  it.each([
    ['the total time is up', { url: '/hang', timeoutMs: 50 }, 'GW_TIMEOUT'],
    ['it is aborted', { url: '/hang', signal: AbortSignal.abort() }, 'GW_CLIENT_CLOSED'],
    ['the answer is too large', { url: '/big', maxBytes: 1_000 }, 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['it redirects too often', { url: '/redirect9', followRedirects: true }, 'GW_UPSTREAM_INVALID_RESPONSE'],
  ])('rejects when %s', async (_, { url, ...options }, code) => {
    await expect(client.request({ url: base + url, ...options })).rejects.toMatchObject({ code });
  });

  it('follows three redirects when told to, and none otherwise', async () => {
    expect((await client.request({ url: `${base}/redirect2`, followRedirects: true })).status).toBe(200);
    expect((await client.request({ url: `${base}/redirect2` })).status).toBe(302);
  });
});

describe('proxies', () => {
  it('goes through HTTP_PROXY except where NO_PROXY says otherwise', async () => {
    const asked: string[] = [];
    const proxy = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (head) => {
        asked.push(head.toString().split('\r\n')[0]!);
        const target = connect(Number(new URL(base).port), '127.0.0.1', () => {
          if (head.toString().startsWith('CONNECT')) socket.write('HTTP/1.1 200 OK\r\n\r\n');
          else target.write(head);
          socket.pipe(target).pipe(socket);
        });
        target.on('error', () => undefined);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const proxied = new UpstreamClient({ ...DEFAULT_HTTP_SETTINGS, proxy: { http: proxyUrl } });
    const direct = new UpstreamClient({ ...DEFAULT_HTTP_SETTINGS, proxy: { http: proxyUrl, none: '127.0.0.1' } });
    try {
      expect((await proxied.request({ url: `${base}/hello` })).status).toBe(200);
      expect(asked).toHaveLength(1);
      expect((await direct.request({ url: `${base}/hello` })).status).toBe(200);
      expect(asked).toHaveLength(1);
    } finally {
      await Promise.all([proxied.close(100), direct.close(100)]);
      proxy.close();
    }
  });
});
