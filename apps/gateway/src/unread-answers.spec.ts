import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { resetWhenUnread, unreadMsFor } from './unread-answers.js';

const UNREAD_MS = 400;
/** More than the system keeps for a connection. */
const LONG = Buffer.alloc(32 * 1024 * 1024);

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** A client that has asked once; it reads when it is told to. */
const ask = async (
  answer: RequestListener,
  keepAliveMs = 5_000,
): Promise<{ client: Socket; closed: Promise<number>; wasClosed: () => boolean }> => {
  const server = createServer({ keepAliveTimeout: keepAliveMs, keepAliveTimeoutBuffer: 0 }, answer);
  const connections = new Set<Socket>();
  server.on('connection', (socket) => connections.add(socket));
  resetWhenUnread(server, connections, UNREAD_MS);
  const from = Date.now();
  let isClosed = false;
  const closed = new Promise<number>((resolve) =>
    server.once('connection', (socket) =>
      socket.once('close', () => {
        isClosed = true;
        resolve(Date.now() - from);
      }),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  client.pause();
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  ends.push(() => {
    client.destroy();
    server.close();
  });
  return { client, closed, wasClosed: () => isClosed };
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a client that does not read', () => {
  it.each<[string, RequestListener]>([
    ['a whole answer', (_request, response) => void response.end(LONG)],
    ['a stream', (_request, response) => void response.write(LONG)],
  ])('loses its connection when %s waits for it', async (_what, answer) => {
    let isFinished = false;
    const { closed } = await ask((request, response) => {
      response.once('close', () => (isFinished = response.writableFinished));
      answer(request, response);
    });
    expect(await closed).toBeLessThan(UNREAD_MS * 10);
    expect(isFinished).toBe(false);
  });
});

describe('the connection stays for a client', () => {
  it('that waits for its answer', async () => {
    const { client, wasClosed } = await ask((_request, response) => {
      setTimeout(() => response.end('at last'), UNREAD_MS * 4);
    });
    let text = '';
    client.on('data', (piece: Buffer) => (text += piece.toString())).resume();
    await sleep(UNREAD_MS * 5);
    expect([text, wasClosed()]).toEqual([expect.stringContaining('at last'), false]);
  });

  it('that reads slowly', async () => {
    const { client, wasClosed } = await ask((_request, response) => void response.end(LONG));
    let size = 0;
    client.on('data', (piece: Buffer) => {
      size += piece.length;
      client.pause();
      setTimeout(() => client.resume(), 5);
    });
    client.resume();
    await sleep(UNREAD_MS * 5);
    expect(wasClosed()).toBe(false);
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(LONG.length);
  });
});

it('idle connections end when their own time is over', async () => {
  const { client, closed } = await ask((_request, response) => void response.end('done'), UNREAD_MS * 2);
  client.resume();
  expect(await closed).toBeGreaterThanOrEqual(UNREAD_MS * 2 - 20);
});

describe('the time is', () => {
  const requestTimeoutMs = 6_000_000;

  it.each([
    ['120 s', { requestTimeoutMs }, 120_000],
    ['never longer', { streamIdleTimeoutMs: 600_000, requestTimeoutMs }, 120_000],
    ['that of a silent provider, where that is shorter', { streamIdleTimeoutMs: 30_000, requestTimeoutMs }, 30_000],
    ['that of an attempt, where that is shorter', { timeoutMs: 20_000, requestTimeoutMs }, 20_000],
  ])('%s', (_what, router, expected) => expect(unreadMsFor(router)).toBe(expected));
});
