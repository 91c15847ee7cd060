// Workers that are processes of their own, under a primary, with as many calls as they can make.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { Distributor } from '../src/distributor.js';
import type { LimitMessage } from '../src/messages.js';
import { WholeAuthority } from '../src/whole-authority.js';
import {
  callsByWindow,
  earlyRefusals,
  endAll,
  next,
  overlap,
  start,
  type Hammering,
  type Report,
} from './processes/crew.js';

jest.setTimeout(60_000);
afterEach(endAll);

const WINDOW_MS = 1_000;

interface Crew {
  readonly workers: readonly ChildProcess[];
  /** Messages in both directions. */
  messages(): number;
  hammer(hammering: Hammering): Promise<Report[]>;
}

/** Workers under a primary in this process. */
const aCrew = async (size: number): Promise<Crew> => {
  const distributor = new Distributor({ authority: new WholeAuthority({ windowMs: WINDOW_MS }) });
  let messages = 0;
  const workers = await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      const child = start('worker.mjs');
      const name = `worker-${index}`;
      distributor.connect(name, (message) => {
        messages += 1;
        if (child.connected) child.send({ type: 'limits', message });
      });
      child.on('exit', () => distributor.holderGone(name));
      child.on('message', (message: { type: string; message: LimitMessage }) => {
        if (message.type !== 'limits') return;
        messages += 1;
        distributor.receive(name, message.message);
      });
      await next(child, 'ready');
      return child;
    }),
  );
  return {
    workers,
    messages: () => messages,
    hammer: (hammering) =>
      Promise.all(
        workers.map(async (child) => {
          child.send({ type: 'hammer', ...hammering });
          return (await next<{ report: Report }>(child, 'report')).report;
        }),
      ),
  };
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('four worker processes', () => {
  it('use rpm to the last, never more, with few messages', async () => {
    const crew = await aCrew(4);
    const rpm = 500;
    const reports = await crew.hammer({ rules: [{ key: 'k', rpm }], forMs: 4_000, loops: 8, holdMs: 0 });
    const counts = callsByWindow(reports, WINDOW_MS);
    expect(Math.max(...counts)).toBeLessThanOrEqual(rpm);
    // The windows at both ends are cut.
    const whole = counts.slice(1, -1);
    expect(whole.length).toBeGreaterThanOrEqual(2);
    for (const count of whole) expect(count).toBeGreaterThanOrEqual(0.98 * rpm);
    expect(earlyRefusals(reports, WINDOW_MS)).toBeLessThanOrEqual(0.02 * sum(counts));
    expect(crew.messages()).toBeLessThanOrEqual(0.5 * sum(counts));
  });

  it('never hold more slots than there are, and let hardly one lie idle', async () => {
    const crew = await aCrew(4);
    const maxParallel = 12;
    const forMs = 3_000;
    const reports = await crew.hammer({ rules: [{ key: 'k', maxParallel }], forMs, loops: 6, holdMs: 10 });
    const { most, average } = overlap(reports, forMs);
    expect(most).toBeLessThanOrEqual(maxParallel);
    expect(average).toBeGreaterThanOrEqual(0.9 * maxParallel);
    for (const { calls } of reports) expect(calls.length).toBeGreaterThan(0);
  });

  it('get the slots of one that is killed', async () => {
    const crew = await aCrew(4);
    const maxParallel = 12;
    const [victim, ...others] = crew.workers;
    const hammering = { type: 'hammer', rules: [{ key: 'k', maxParallel }], forMs: 1_500, loops: 12, holdMs: 10 };
    for (const child of crew.workers) child.send(hammering);
    setTimeout(() => victim!.kill('SIGKILL'), 500);
    await Promise.all(others.map((child) => next(child, 'report')));
    for (const child of others) child.send({ ...hammering, forMs: 1_000 });
    const reports = await Promise.all(
      others.map(async (child) => (await next<{ report: Report }>(child, 'report')).report),
    );
    const { most, average } = overlap(reports, 1_000);
    expect(most).toBe(maxParallel);
    expect(average).toBeGreaterThanOrEqual(0.9 * maxParallel);
  });
});
