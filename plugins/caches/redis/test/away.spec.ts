// Redis that is away, slow, full, shut or strange: a cache then fails soon, tells no secret, and comes back by itself.
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { findSecret } from '@turnpike/plugin-testkit';
import { createServer, type Server, type Socket } from 'node:net';
import { closeAll, open, type Opened } from './opened.js';
import { eventually, freePort, RedisServer, sleep } from './redis-server.js';

jest.setTimeout(20_000);

let server: RedisServer;
let settings: { host: string; port: number };
beforeAll(async () => {
  server = await RedisServer.start();
  settings = { host: '127.0.0.1', port: server.port };
});
afterEach(async () => {
  await closeAll();
  server.freeze(false);
  if (!server.isRunning) await server.start();
});
afterAll(() => server.remove());

/** What a call ended in, and how long it took. */
const outcome = async (call: Promise<unknown>): Promise<{ ms: number; value?: unknown; message?: string }> => {
  const from = performance.now();
  try {
    return { value: await call, ms: performance.now() - from };
  } catch (error) {
    return { message: (error as Error).message, ms: performance.now() - from };
  }
};

const SOON_MS = 150;

const isBack = ({ get }: Opened): Promise<void> => eventually(async () => (await get('k')) === 'text');

describe('a Redis that is not there', () => {
  it('at the start does not keep the gateway from starting, and is found when it comes', async () => {
    const port = await freePort();
    const from = performance.now();
    const away = await open({ ...settings, port });
    expect(performance.now() - from).toBeLessThan(1_500);
    expect(await away.health()).toEqual({ status: 'degraded', reason: expect.stringContaining('ECONNREFUSED') });
    expect(away.host.logs).toEqual([
      { level: 'warn', message: expect.any(String), fields: { reason: expect.stringContaining('ECONNREFUSED') } },
    ]);
    for (const call of [away.get('k'), away.set('k', 'text'), away.responses.ping(), away.responses.flush()]) {
      const { message, ms } = await outcome(call);
      expect(message).toMatch(/^Redis is away: .*ECONNREFUSED/);
      expect(ms).toBeLessThan(SOON_MS);
    }
    const late = await RedisServer.start({ port });
    await eventually(async () => (await away.health()).status === 'up');
    await away.set('k', 'text');
    expect(await away.get('k')).toBe('text');
    expect(away.host.logs.map(({ level }) => level)).toEqual(['warn', 'info']);
    await late.remove();
  });

  it('for a while fails at once, says so once, and goes on when it is back', async () => {
    const opened = await open(settings);
    await opened.set('k', 'text');
    await server.stop();
    await eventually(async () => (await opened.health()).status === 'degraded');
    for (let count = 0; count < 3; count += 1) {
      const { message, ms } = await outcome(opened.get('k'));
      expect(message).toMatch(/^Redis is away: /);
      expect(ms).toBeLessThan(SOON_MS);
      await sleep(200);
    }
    expect(opened.host.gauges).toEqual({ connected: 0 });
    await server.start();
    await eventually(async () => (await opened.health()).status === 'up');
    expect(await opened.get('k')).toBeUndefined();
    await opened.set('k', 'text');
    expect(await opened.get('k')).toBe('text');
    expect(opened.host.logs.map(({ level, message }) => [level, message])).toEqual([
      ['warn', expect.stringContaining('away')],
      ['info', 'Redis is back'],
    ]);
    expect([opened.host.gauges, opened.host.counts]).toEqual([{ connected: 1 }, { lost: 1 }]);
  });

  it('ends commands that were on their way', async () => {
    const opened = await open(settings);
    server.freeze(true);
    const calls = [opened.get('k'), opened.set('k', 'text'), opened.responses.delete(['k'])].map(outcome);
    await sleep(50);
    await server.stop();
    for (const { message } of await Promise.all(calls)) expect(message).toMatch(/^Redis is away: .*(ended|ECONNRESET)/);
  });
});

/** Which connection ours is, as Redis counts them. */
const connection = async (): Promise<string | undefined> =>
  /id=(\d+) .*name=turnpike-cache /.exec(String(await server.admin.client('LIST')))?.[1];

describe('a Redis that is slow', () => {
  it('is waited for as long as the caller likes', async () => {
    const opened = await open(settings);
    await opened.set('k', 'text');
    await server.admin.client('PAUSE', 700);
    const { message, ms } = await outcome(opened.get('k', 50));
    expect(message).toMatch(/timeout/);
    expect(ms).toBeGreaterThan(40);
    expect(ms).toBeLessThan(50 + SOON_MS);
    expect(await opened.health()).toEqual({ status: 'degraded', reason: 'Redis does not answer.' });
    expect(await opened.get('k')).toBe('text');
    expect(await opened.health()).toEqual({ status: 'up' });
    expect(opened.host.logs).toEqual([]);
  });

  it('is waited for no longer than socket_timeout, and then met on another connection', async () => {
    const opened = await open({ ...settings, socket_timeout: 0.2 });
    await opened.set('k', 'text');
    const former = await connection();
    server.freeze(true);
    const { message, ms } = await outcome(opened.responses.ping());
    expect(message).toBe('Redis did not answer within 200 ms.');
    expect(ms).toBeLessThan(200 + SOON_MS);
    server.freeze(false);
    await isBack(opened);
    expect(await connection()).not.toBe(former);
    expect(opened.host.counts).toEqual({ lost: 1 });
    expect(opened.host.logs.map(({ fields }) => fields?.['reason'])).toEqual([
      'it did not answer within 200 ms',
      undefined,
    ]);
  });
});

it('a process that was busy for longer than socket_timeout does not hold that against Redis', async () => {
  const opened = await open({ ...settings, socket_timeout: 0.1 });
  await opened.set('k', 'text');
  const reading = opened.get('k');
  for (const until = performance.now() + 300; performance.now() < until;);
  expect(await reading).toBe('text');
  expect(opened.host.logs).toEqual([]);
});

describe('a Redis that', () => {
  const SECRET = 'made-up-password-0123456789';

  it.each([
    ['wants a password', {}, /NOAUTH/],
    ['wants another password', { password: SECRET }, /WRONGPASS/],
    ['does not know the user', { username: 'somebody', password: SECRET }, /WRONGPASS/],
    ['wants another password, in a URL', { url: 'redis://:made-up-password-0123456789@127.0.0.1' }, /WRONGPASS/],
  ])('%s is away, and why is told without it', async (_title, access, reason) => {
    await server.admin.config('SET', 'requirepass', 'the-right-one');
    const { port } = settings;
    const place = 'url' in access ? { url: `${access.url}:${port}` } : settings;
    const opened = await open({ ...access, ...place });
    const health = await opened.health();
    const { message } = await outcome(opened.get('k'));
    expect(health).toEqual({ status: 'degraded', reason: expect.stringMatching(reason) });
    expect(message).toMatch(reason);
    expect(findSecret([health, message, opened.host.logs], [SECRET])).toBeUndefined();
    await server.admin.config('SET', 'requirepass', '');
  });

  it('is full fails a write without repeating what was to be written', async () => {
    const opened = await open(settings);
    await opened.set('old', 'text');
    await server.admin.config('SET', 'maxmemory', '1');
    const failure = await opened.set('k', `an answer with ${SECRET}`).catch((error: unknown) => error);
    expect((failure as Error).message).toMatch(/^OOM/);
    expect(findSecret(failure, [SECRET])).toBeUndefined();
    expect(await opened.get('old')).toBe('text');
    await server.admin.config('SET', 'maxmemory', '0');
    await opened.set('k', 'text');
    expect(opened.host.logs).toEqual([]);
  });

  it('has become a replica is connected to anew', async () => {
    const opened = await open(settings);
    await server.admin.call('REPLICAOF', '127.0.0.1', String(await freePort()));
    expect((await outcome(opened.set('k', 'text'))).message).toMatch(/^READONLY/);
    await server.admin.call('REPLICAOF', 'NO', 'ONE');
    await eventually(() => opened.host.counts['lost'] === 1);
    await eventually(async () => (await opened.health()).status === 'up');
    await opened.set('k', 'text');
  });
});

describe('something else than Redis', () => {
  const sockets = new Set<Socket>();
  let strange: Server;
  let connections = 0;
  let answer: ((text: string) => string | undefined) | undefined;
  const strangeSettings = (): object => ({
    host: '127.0.0.1',
    port: (strange.address() as { port: number }).port,
    password: 'made-up-password-0123456789',
  });
  beforeAll(async () => {
    strange = createServer((socket) => {
      connections += 1;
      sockets.add(socket);
      socket.on('data', (bytes) => {
        const said = answer?.(bytes.toString());
        if (said !== undefined) socket.write(said);
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => strange.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    strange.close();
  });

  it('that says nothing holds the start up for a second, and is tried again', async () => {
    answer = undefined;
    const from = performance.now();
    const { get } = await open(strangeSettings());
    const ms = performance.now() - from;
    expect(ms).toBeGreaterThan(900);
    expect(ms).toBeLessThan(2_000);
    expect((await outcome(get('k'))).message).toMatch(/^Redis is away: /);
    const { length: sofar } = { length: connections };
    await eventually(() => connections > sofar);
  });

  it.each([
    [
      'repeats what it was told',
      (text: string) => `-ERR unknown command 'auth', with args: ${text.split('\r\n')[4]}\r\n`,
    ],
    ['speaks HTTP', () => 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('that %s is away', async (_title, says) => {
    answer = says;
    const opened = await open(strangeSettings());
    const seen = [await opened.health(), await outcome(opened.get('k')), opened.host.logs];
    expect(seen[0]).toMatchObject({ status: 'degraded' });
    expect(findSecret(seen, ['made-up-password-0123456789'])).toBeUndefined();
  });
});

describe('a connection that was stopped', () => {
  it('is gone, and stays so', async () => {
    const opened = await open(settings);
    await opened.stop();
    await opened.stop();
    expect((await outcome(opened.get('k'))).message).toBe('Redis is away: the connection was closed.');
    expect(await opened.health()).toMatchObject({ status: 'degraded' });
    await eventually(async () => !String(await server.admin.client('LIST')).includes('name=turnpike-cache'));
    expect(opened.host.logs).toEqual([]);
  });

  it('carries out what was on its way', async () => {
    const opened = await open(settings);
    const writing = opened.set('k', 'text');
    await opened.stop();
    await writing;
    expect(await server.admin.exists('turnpike:cache:k')).toBe(1);
  });

  it('does not come back when Redis does', async () => {
    const port = await freePort();
    const opened = await open({ ...settings, port });
    await opened.stop();
    const late = await RedisServer.start({ port });
    await sleep(1_500);
    expect(String(await late.admin.client('LIST'))).not.toContain('name=turnpike-cache');
    await late.remove();
  });
});
