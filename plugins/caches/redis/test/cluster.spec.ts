// A cluster of two masters: answers on both, and what becomes of them when nodes go.
import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { closeAll, open, type Opened } from './opened.js';
import { eventually, freePort, startCluster } from './redis-server.js';

jest.setTimeout(60_000);

const masters = await startCluster(2);
const [first, second] = masters;
afterAll(() => Promise.all(masters.map((server) => server.remove())));
afterEach(closeAll);

/** One node is told; the other is found. */
const settings = { redis_startup_nodes: [{ host: '127.0.0.1', port: String(first!.port) }], namespace: 'n' };
const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
const fill = ({ set }: Opened): Promise<void[]> => Promise.all(keys.map((key) => set(key, `value of ${key}`)));
const sizes = (): Promise<number[]> => Promise.all(masters.map(({ admin }) => admin.dbsize()));

it('keeps answers on all nodes', async () => {
  const opened = await open(settings);
  await fill(opened);
  expect(await Promise.all(keys.map((key) => opened.get(key)))).toEqual(keys.map((key) => `value of ${key}`));
  for (const size of await sizes()) expect(size).toBeGreaterThan(50);
});

it('deletes and flushes on all nodes, and only what is ours', async () => {
  const opened = await open(settings);
  await fill(opened);
  const others = keys.map((key) => `other ${key}`);
  const { responses: otherCache } = await open({ ...settings, namespace: undefined });
  for (const key of others) {
    const entry = { value: Buffer.from('x'), storedAt: 0 };
    await otherCache.set(key, entry, 60_000, AbortSignal.timeout(1_000));
  }
  expect(await opened.responses.delete([...keys.slice(0, 150), 'never'])).toBe(150);
  await opened.responses.flush();
  expect((await sizes()).reduce((sum, size) => sum + size)).toBe(others.length);
  await otherCache.flush();
  expect(await sizes()).toEqual([0, 0]);
});

it('answers a ping, and follows answers that move to another node', async () => {
  const opened = await open(settings);
  await opened.responses.ping();
  expect(await opened.health()).toEqual({ status: 'up' });
  await opened.responses.flush();
  const slot = Number(await first!.admin.cluster('KEYSLOT', 'n:turnpike:cache:k1'));
  const [from, to] = slot < 8_192 ? [first!, second!] : [second!, first!];
  const target = String(await to.admin.cluster('MYID'));
  for (const { admin } of [to, from]) await admin.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', target);
  await opened.set('k1', 'text');
  expect(await opened.get('k1')).toBe('text');
  expect(await to.admin.dbsize()).toBe(1);
});

it('lets a user in that may do no more than this', async () => {
  const usual = '+get +set +unlink +scan +ping +info +select +client|setname';
  const commands = `${usual} +cluster|slots +cluster|info`.split(' ');
  for (const { admin } of masters)
    await admin.call('ACL', 'SETUSER', 'cache', 'on', '>secret', '~n:turnpike:cache:*', ...commands);
  const opened = await open({ ...settings, username: 'cache', password: 'secret' });
  await fill(opened);
  expect(await opened.get('k1')).toBe('value of k1');
  await opened.responses.flush();
  expect(await sizes()).toEqual([0, 0]);
});

it('has no databases, and says so', async () => {
  const { host, health } = await open({ ...settings, db: 2 });
  expect(await health()).toEqual({ status: 'up' });
  expect(host.logs).toEqual([expect.objectContaining({ level: 'warn', message: expect.stringContaining('db 2') })]);
});

it('is away when all nodes are, and comes back by itself', async () => {
  const opened = await open(settings);
  await Promise.all(masters.map((server) => server.stop()));
  await eventually(async () => (await opened.health()).status === 'degraded');
  const from = performance.now();
  await expect(opened.get('k')).rejects.toThrow(/^Redis is away: /);
  expect(performance.now() - from).toBeLessThan(150);
  await eventually(async () => /no node of the cluster/.test((await opened.health()).reason ?? ''));
  await Promise.all(masters.map((server) => server.start()));
  await eventually(async () => (await opened.health()).status === 'up');
  await opened.set('k', 'text');
  expect(await opened.get('k')).toBe('text');
});

it.each([
  ['cannot be reached', () => freePort(), /no node of the cluster can be used/],
  ['wants a password', () => Promise.resolve(first!.port), /NOAUTH/],
])('that %s does not hold the start up', async (_what, port, reason) => {
  await Promise.all(masters.map(({ admin }) => admin.config('SET', 'requirepass', 'the-right-one')));
  const from = performance.now();
  const opened = await open({ redis_startup_nodes: [['127.0.0.1', await port()]] });
  expect(performance.now() - from).toBeLessThan(1_500);
  expect(await opened.health()).toEqual({ status: 'degraded', reason: expect.stringMatching(reason) });
  await Promise.all(masters.map(({ admin }) => admin.config('SET', 'requirepass', '')));
});
