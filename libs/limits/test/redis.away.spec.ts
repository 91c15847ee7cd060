// Redis ends, stands still, refuses, and comes back.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { LimitRule } from '../src/rule.js';
import {
  aMachine,
  awayFromMinuteEnd,
  eventually,
  fresh,
  sharedRedis,
  sleep,
  takeMany,
  type Machine,
} from './machines.js';
import { freePort } from '../../../test/services/redis-server.js';

jest.setTimeout(120_000);

const shared = sharedRedis();

describe('when Redis is away', () => {
  afterEach(async () => {
    await shared.server.freeze(false);
    await shared.server.stop();
    await shared.server.start();
  });

  /** Longest wait for one of these takes, ms. */
  const longestWait = async (machine: Machine, rule: LimitRule, times: number): Promise<number> => {
    let longest = 0;
    for (let index = 0; index < times; index += 1) {
      const asked = performance.now();
      await machine.limits.take([rule], 0);
      longest = Math.max(longest, performance.now() - asked);
    }
    return longest;
  };

  it.each([
    ['ends', () => shared.server.stop(), () => shared.server.start()],
    ['stands still', () => shared.server.freeze(true), () => shared.server.freeze(false)],
  ])('because it %s, each machine goes on with the whole limit, and comes back by itself', async (_t, leave, back) => {
    await awayFromMinuteEnd();
    const options = fresh(shared);
    const [first, second] = [await aMachine(options), await aMachine(options)];
    const changes: boolean[] = [];
    first.limits.onDegraded((isDegraded) => changes.push(isDegraded));
    const rule = { key: 'k', rpm: 1_000, maxParallel: 10 };
    const permits = await takeMany(first, rule, 4);
    expect(permits).toHaveLength(4);

    await leave();
    // The first that has to ask finds out, and nobody waits for long.
    expect(await longestWait(second, { key: 'other', rpm: 10 }, 3)).toBeLessThan(350);
    expect(second.limits.isDegraded).toBe(true);
    permits.push(...(await takeMany(first, rule, 20)));
    expect(permits).toHaveLength(10);
    expect(await takeMany(second, rule, 20)).toHaveLength(10);
    await eventually(() => first.limits.isDegraded);
    expect(first.authority.reason).toEqual(expect.any(String));

    await back();
    await eventually(() => !first.limits.isDegraded && !second.limits.isDegraded);
    expect(changes).toEqual([true, false]);
    // Together they hold twice the limit; what is released beyond it stays away.
    for (const permit of permits) permit.release();
    await sleep(1_000);
    expect(await takeMany(first, rule, 1)).toHaveLength(0);
    const third = await aMachine(options);
    expect(await takeMany(third, rule, 1)).toHaveLength(0);
  });

  it('because a connection is dead without having ended, a machine takes another', async () => {
    const open = new Set<Socket>();
    const proxy = createServer((socket) => {
      const upstream = connect(shared.server.port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const end of [socket, upstream]) {
        end.on('error', () => undefined);
        open.add(end);
      }
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { limits } = await aMachine(fresh(shared, { redis: { port: (proxy.address() as AddressInfo).port } }));
    expect(limits.isDegraded).toBe(false);
    // From now on nothing passes through what is open.
    for (const end of open) end.unpipe().pause();
    await limits.take([{ key: 'k', rpm: 1 }], 0);
    expect(limits.isDegraded).toBe(true);
    await eventually(() => !limits.isDegraded, 8_000);
    await limits.close();
    for (const end of open) end.destroy();
    proxy.close();
  });

  it('and comes back empty in the same minute, what machines had counts', async () => {
    await awayFromMinuteEnd();
    const options = fresh(shared);
    const [first, second] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', rpm: 100 };
    expect(await takeMany(first, rule, 60)).toHaveLength(60);
    expect(await takeMany(second, rule, 20)).toHaveLength(20);
    await shared.server.stop();
    await eventually(() => first.limits.isDegraded && second.limits.isDegraded);
    await shared.server.start();
    await eventually(() => !first.limits.isDegraded && !second.limits.isDegraded);
    const after = [await takeMany(second, rule, 100), await takeMany(first, rule, 100)].flat();
    expect(after).toHaveLength(20);
  });

  it('from the start, a machine begins at once and joins the others later', async () => {
    const port = await freePort();
    const began = Date.now();
    const machine = await aMachine(fresh(shared, { redis: { port } }));
    expect(Date.now() - began).toBeLessThan(1_500);
    expect(machine.limits.isDegraded).toBe(true);
    expect(await takeMany(machine, { key: 'k', maxParallel: 3 }, 5)).toHaveLength(3);
  });

  it('or refuses what it is asked, the machine counts for itself and does not flicker', async () => {
    const options = fresh(shared);
    const machine = await aMachine(options);
    const changes: boolean[] = [];
    machine.limits.onDegraded((isDegraded) => changes.push(isDegraded));
    await shared.client.config('SET', 'maxmemory', '1');
    const permits = await takeMany(machine, { key: 'k', maxParallel: 3 }, 5);
    expect(permits).toHaveLength(3);
    for (const permit of permits) permit.release();
    await sleep(1_500);
    expect(changes).toEqual([true]);
    expect(machine.authority.reason).toMatch(/OOM/);
    await shared.client.config('SET', 'maxmemory', '0');
    await eventually(() => !machine.limits.isDegraded);
  });

  it('because it does not know the password, the reason says so without telling it', async () => {
    await shared.client.config('SET', 'requirepass', 'the-right-one');
    const { authority, limits } = await aMachine(
      fresh(shared, { redis: { port: shared.server.port, password: 'the-wrong-one' } }),
    );
    expect(limits.isDegraded).toBe(true);
    expect(authority.reason).toMatch(/WRONGPASS|NOAUTH/);
    expect(authority.reason).not.toContain('the-');
  });
});
