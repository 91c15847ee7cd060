// Sentinels name the master, and another one when it fails.
import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { closeAll, open } from './opened.js';
import { eventually, freePort, RedisServer, startSentinel } from './redis-server.js';

jest.setTimeout(60_000);

const PASSWORD = 'made-up-sentinel-password';

const shut = [`requirepass ${PASSWORD}`, `masterauth ${PASSWORD}`];
const client = { password: PASSWORD };
const master = await RedisServer.start({ lines: shut, client });
const replica = await RedisServer.start({ lines: [...shut, `replicaof 127.0.0.1 ${master.port}`], client });
await eventually(async () => (await replica.admin.info('replication')).includes('master_link_status:up'));
const sentinel = await startSentinel(master, {
  client,
  lines: [`requirepass ${PASSWORD}`, `sentinel auth-pass main ${PASSWORD}`],
});
await eventually(async () => String(await sentinel.admin.call('SENTINEL', 'MASTER', 'main')).includes('num-slaves,1'));
afterAll(() => Promise.all([sentinel, replica, master].map((server) => server.remove())));
afterEach(closeAll);

const settings = {
  sentinel_nodes: [
    ['127.0.0.1', await freePort()],
    ['127.0.0.1', sentinel.port],
  ],
  service_name: 'main',
  sentinel_password: PASSWORD,
};

it('finds the master, past a sentinel that is away, and lets itself in with the sentinels’ password', async () => {
  const { set, get, health } = await open(settings);
  await set('k', 'text');
  expect(await get('k')).toBe('text');
  expect(await health()).toEqual({ status: 'up' });
  expect(await master.admin.exists('turnpike:cache:k')).toBe(1);
});

it.each([
  ['another password', { sentinel_password: 'made-up-wrong-password', password: PASSWORD }, /WRONGPASS/],
  ['another name', { service_name: 'other' }, /All sentinels are unreachable/],
])('is away with %s, and why is told without secrets', async (_what, wrong, reason) => {
  const opened = await open({ ...settings, ...wrong });
  const told = await opened.health();
  expect(told).toEqual({ status: 'degraded', reason: expect.stringMatching(reason) });
  expect(JSON.stringify([told, opened.host.logs])).not.toContain('made-up');
  await expect(opened.get('k')).rejects.toThrow(/^Redis is away: /);
  await opened.stop();
});

it('goes on with the replica when the master fails', async () => {
  const opened = await open(settings);
  await opened.set('k', 'text');
  await eventually(async () => (await replica.admin.exists('turnpike:cache:k')) === 1);
  await master.stop();
  await eventually(async () => (await opened.health()).status === 'degraded');
  await eventually(async () => (await opened.health()).status === 'up', 30_000);
  expect(await opened.get('k')).toBe('text');
  await opened.set('other', 'text');
  expect(await replica.admin.exists('turnpike:cache:other')).toBe(1);
});
