// Limits across machines that are processes of their own, with a real Redis.
import { describe, expect, it, jest } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import type { RedisAuthorityOptions } from '../src/redis-authority.js';
import { fresh, LEASE_MS, sharedRedis, sleep } from './machines.js';
import { callsByWindow, earlyRefusals, next, overlap, start, type Hammering, type Report } from './processes/crew.js';

jest.setTimeout(120_000);

const shared = sharedRedis();

const WINDOW_MS = 1_000;

describe('two machines of two workers, as processes', () => {
  interface Running {
    readonly process: ChildProcess;
    hammer(hammering: Hammering): Promise<Report[]>;
  }

  const aProcess = async (options: RedisAuthorityOptions): Promise<Running> => {
    const process = start('machine.mjs');
    process.send({ type: 'start', options, workers: 2 });
    await next(process, 'ready');
    return {
      process,
      hammer: async (hammering) => {
        process.send({ type: 'hammer', ...hammering });
        return (await next<{ reports: Report[] }>(process, 'report')).reports;
      },
    };
  };

  const twoMachines = async (): Promise<[Running, Running]> => {
    const options = fresh(shared, { windowMs: WINDOW_MS });
    return [await aProcess(options), await aProcess(options)];
  };

  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

  it('use rpm to the last and never more', async () => {
    const machines = await twoMachines();
    const rpm = 500;
    const hammering = { rules: [{ key: 'k', rpm }], forMs: 4_000, loops: 8, holdMs: 0 };
    const reports = (await Promise.all(machines.map((machine) => machine.hammer(hammering)))).flat();
    const counts = callsByWindow(reports, WINDOW_MS);
    expect(Math.max(...counts)).toBeLessThanOrEqual(rpm);
    const whole = counts.slice(1, -1);
    expect(whole.length).toBeGreaterThanOrEqual(2);
    for (const count of whole) expect(count).toBeGreaterThanOrEqual(0.98 * rpm);
    expect(earlyRefusals(reports, WINDOW_MS)).toBeLessThanOrEqual(0.02 * sum(counts));
  });

  it('never hold more slots than there are, and let hardly one lie idle', async () => {
    const machines = await twoMachines();
    const maxParallel = 12;
    const hammering = { rules: [{ key: 'k', maxParallel }], forMs: 3_000, loops: 6, holdMs: 20 };
    const reports = (await Promise.all(machines.map((machine) => machine.hammer(hammering)))).flat();
    const { most, average } = overlap(reports, 3_000);
    expect(most).toBeLessThanOrEqual(maxParallel);
    expect(average).toBeGreaterThanOrEqual(0.9 * maxParallel);
    for (const { calls } of reports) expect(calls.length).toBeGreaterThan(0);
  });

  it('a machine that is killed leaves its slots to the other when its lease ends', async () => {
    const [victim, other] = await twoMachines();
    const maxParallel = 10;
    const rules = [{ key: 'k', maxParallel }];
    victim.process.send({ type: 'hammer', rules, forMs: 60_000, loops: 10, holdMs: 50 });
    await other.hammer({ rules, forMs: 1_000, loops: 10, holdMs: 50 });
    victim.process.kill('SIGKILL');
    await sleep(LEASE_MS + 1_200);
    const { most, average } = overlap(await other.hammer({ rules, forMs: 1_500, loops: 10, holdMs: 20 }), 1_500);
    expect(most).toBe(maxParallel);
    expect(average).toBeGreaterThanOrEqual(0.9 * maxParallel);
  });
});
