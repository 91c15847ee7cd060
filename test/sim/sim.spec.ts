// The simulator on a small scale: that promises hold in every scenario, and what its figures stand on.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pageOf, tableOf } from './page.mjs';
import { play } from './play.mjs';
import { SCENARIOS, planOf, type Scenario } from './scenarios.mjs';
import { seededRandom } from './settings.mjs';
import { loadStrategies, type Strategy } from './strategies.mjs';
import { Tally, type Figures } from './tally.mjs';
import { SimulatedUpstream } from './upstream.mjs';
import { START_OF_TIME, VirtualTime } from './virtual-time.mjs';

jest.setTimeout(60_000);

const SIZE = { requests: 600, seed: 3 };

let strategies: Strategy[];
beforeAll(async () => {
  strategies = await loadStrategies();
});

const named = (name: string): Scenario => SCENARIOS.find((scenario) => scenario.name === name)!;

const playAll = async (scenario: Scenario, requests = SIZE.requests): Promise<Record<string, Figures>> =>
  Object.fromEntries(
    await Promise.all(
      strategies.map(
        async (strategy) => [strategy.name, await play(scenario, strategy, { ...SIZE, requests })] as const,
      ),
    ),
  );

describe('the strategies', () => {
  it('are those of the bundle', () => {
    const names = strategies.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['simple-shuffle', 'least-busy', 'latency-based', 'usage-based']));
  });
});

describe('every strategy keeps the promises', () => {
  it.each(SCENARIOS.map(({ name }) => name))('in the scenario %s', async (name) => {
    for (const { attempts, shares } of Object.values(await playAll(named(name)))) {
      expect(attempts).toBeLessThan(3);
      expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    }
  });

  it.each(['steady', 'dead', 'flapping'])('and answers every request in the scenario %s', async (name) => {
    for (const { answered, errors } of Object.values(await playAll(named(name)))) {
      expect([answered, errors]).toEqual([1, {}]);
    }
  });

  it('and asks a dead deployment seldom', async () => {
    for (const { shares, attempts } of Object.values(await playAll(named('dead')))) {
      expect(shares['a'] ?? 0).toBeLessThan(0.05);
      expect(attempts).toBeLessThan(1.06);
    }
  });

  it('and refuses at overload what it cannot serve, instead of asking deployments beyond their limits', async () => {
    for (const { errors, attempts } of Object.values(await playAll(named('overload'), 2_000))) {
      expect(Object.keys(errors).filter((code) => code === 'GW_UPSTREAM_RATE_LIMITED')).toEqual([]);
      expect(attempts).toBeLessThan(1);
    }
  });
});

describe('a run', () => {
  it('gives the same figures with the same seed, and others with another', async () => {
    const [strategy] = strategies;
    const run = (seed: number) => play(named('flapping'), strategy!, { requests: 300, seed });
    const [one, same, other] = [await run(1), await run(1), await run(2)];
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('tells what should never happen', async () => {
    const broken: Strategy = { name: 'broken', select: { select: () => Number.NaN } };
    await expect(play(named('steady'), broken, SIZE)).rejects.toThrow('steady, broken: the strategy failed: TypeError');
  });

  it('has as many requests as it is told to, at the pace that the page speaks of', () => {
    const arrivals = [...planOf(named('steady'), { select: () => 0 }, { requests: 3_000, seed: 1 }).arrivals];
    expect(arrivals).toHaveLength(3_000);
    expect(arrivals.reduce((sum, { afterMs }) => sum + afterMs, 0) / 100_000).toBeCloseTo(1, 1);
  });
});

describe('virtual time', () => {
  it('lets things happen in order, those of one moment as they were planned', async () => {
    const time = new VirtualTime();
    const log: string[] = [];
    const note = (word: string) => () => void log.push(`${word}@${time.elapsed}`);
    const random = seededRandom(1);
    const moments = Array.from({ length: 200 }, () => Math.floor(random() * 50));
    for (const ms of moments) time.after(ms, note(String(ms)));
    time.after(7, note('first'));
    time.after(7, note('second'));
    await time.run();
    const sorted = moments.toSorted((one, other) => one - other).map((ms) => `${ms}@${ms}`);
    expect(log.filter((entry) => /^\d/.test(entry))).toEqual(sorted);
    expect(log.indexOf('second@7')).toBe(log.indexOf('first@7') + 1);
  });

  it('lets promises go on before the next thing happens', async () => {
    const time = new VirtualTime();
    const log: string[] = [];
    const wait = (ms: number) => new Promise<void>((resolve) => time.after(ms, resolve));
    const walk = async (name: string) => {
      await wait(10);
      for (let step = 0; step < 100; step += 1) await Promise.resolve();
      log.push(`${name}@${time.elapsed}`);
    };
    void walk('slow walker');
    time.after(11, () => log.push(`next@${time.elapsed}`));
    await time.run();
    expect(log).toEqual(['slow walker@10', 'next@11']);
  });

  it('forgets what was cancelled', async () => {
    const time = new VirtualTime();
    let count = 0;
    const cancel = time.after(5, () => (count += 1));
    time.after(1, cancel);
    await time.run();
    expect(count).toBe(0);
  });

  it('does not move things when somebody sets the clock', async () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    time.after(10, () => time.setClock(60_000));
    time.after(20, () => seen.push(time.elapsed, time.now() - START_OF_TIME));
    await time.run();
    expect(seen).toEqual([20, 60_020]);
  });
});

describe('a simulated provider', () => {
  const random = () => 0.5;

  it('answers, slower the more it has to do', () => {
    const upstream = new SimulatedUpstream({}, random);
    const first = upstream.begin(0);
    const second = upstream.begin(0);
    upstream.end();
    upstream.end();
    expect(first.code).toBeUndefined();
    expect(second.afterMs).toBeGreaterThan(first.afterMs);
    expect(upstream.begin(0).afterMs).toBe(first.afterMs);
    expect(new SimulatedUpstream({ slowness: 10 }, random).begin(0).afterMs).toBeCloseTo(10 * first.afterMs);
  });

  it('takes so many requests a minute, and tells the others when to come again, in whole seconds', () => {
    const upstream = new SimulatedUpstream({ perMinute: 2 }, random);
    const codes = [0, 1, 30_500, 59_999, 60_000].map((at) => {
      const { code, retryAfterMs } = upstream.begin(at);
      return code === undefined ? 'ok' : [code, retryAfterMs];
    });
    const limited = 'GW_UPSTREAM_RATE_LIMITED';
    expect(codes).toEqual(['ok', 'ok', [limited, 30_000], [limited, 1_000], 'ok']);
  });

  it('takes so many at once', () => {
    const upstream = new SimulatedUpstream({ parallel: 1 }, random);
    expect([upstream.begin(0).code, upstream.begin(0).code]).toEqual([undefined, 'GW_UPSTREAM_RATE_LIMITED']);
    upstream.end();
    upstream.end();
    expect(upstream.begin(0).code).toBeUndefined();
  });
});

describe('the figures', () => {
  const ends = Array.from({ length: 100 }, (_, at) => ({
    deploymentId: 'a',
    code: at < 10 ? 'GW_TIMEOUT' : undefined,
    tookMs: at,
    attempts: at < 10 ? 3 : 1,
    deadlineMs: 1_000,
  }));

  const figures = () => {
    const tally = new Tally();
    for (const end of ends) tally.add(end);
    return tally.figures({ b: 30, a: 90 });
  };

  it('are shares, times of what was answered, attempts a request and errors', () => {
    expect(figures()).toEqual({
      answered: 0.9,
      p50Ms: 54,
      p99Ms: 98,
      attempts: 1.2,
      shares: { a: 0.75, b: 0.25 },
      errors: { GW_TIMEOUT: 10 },
    });
  });

  it('are shown as a table and as a page', () => {
    const rows = [{ strategy: 'simple-shuffle', figures: figures() }];
    const table = tableOf(rows, 100);
    expect(table.split('\n').at(-1)).toBe(
      '| simple-shuffle | 90.00 % | 0.1 s | 0.1 s | 1.200 | 75 · 25 · 0 · 0 · 0 | `GW_TIMEOUT` 10.00 % |',
    );
    const page = pageOf([{ scenario: named('dead'), rows }], { requests: 100, seed: 1 });
    expect(page).toContain(`## Dead\n\n${named('dead').what}\n\n${table}`);
  });
});
