// Whatever happens in whatever order, limits hold and nothing is lost.
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { isDenial, type LimitRule, type Permit } from '../src/rule.js';
import { House, MINUTE, settle, startClock, stopClock, type Worker } from './house.js';

jest.setTimeout(120_000);

beforeEach(stopClock);
afterEach(startClock);

const RULES: LimitRule[] = [
  { key: 'all', rpm: 12, tpm: 200, maxParallel: 5 },
  { key: 'slots', maxParallel: 3 },
  { key: 'requests', rpm: 7 },
  { key: 'tokens', tpm: 90 },
  { key: 'free' },
];

type Step =
  | { type: 'take'; worker: number; rules: number[]; tokens: number }
  | { type: 'release'; worker: number; permit: number; used: number | undefined }
  | { type: 'deliver'; wire: number; direction: 'up' | 'down' }
  | { type: 'deliverAll' }
  | { type: 'pass'; ms: number }
  | { type: 'kill'; worker: number };

const small = fc.nat(20);
const aTake = fc.record({
  type: fc.constant('take' as const),
  worker: small,
  rules: fc.uniqueArray(fc.nat(RULES.length - 1), { minLength: 1, maxLength: 3 }),
  tokens: fc.integer({ min: 0, max: 60 }),
});
const aRelease = fc.record({
  type: fc.constant('release' as const),
  worker: small,
  permit: small,
  /** Of a hundred parts of the estimate: nothing that is used exceeds it. */
  used: fc.option(fc.nat(100), { nil: undefined }),
});
const aDelivery = fc.record({
  type: fc.constant('deliver' as const),
  wire: small,
  direction: fc.constantFrom('up' as const, 'down' as const),
});
const aWhile = fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(1, 15, 50, 350, 1_500, 20_000) });
const aDeath = fc.record({ type: fc.constant('kill' as const), worker: small });

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: aTake },
    { weight: 8, arbitrary: aRelease },
    { weight: 20, arbitrary: aDelivery },
    { weight: 6, arbitrary: fc.constant({ type: 'deliverAll' as const }) },
    { weight: 4, arbitrary: aWhile },
    { weight: 1, arbitrary: aDeath },
  ),
  { minLength: 20, maxLength: 150 },
);

/** Where in the minute it begins: often so that the minute ends meanwhile. */
const start = fc.constantFrom(0, 59_000, 59_800, 59_950);

interface Call {
  permit: Permit;
  worker: Worker;
  rules: LimitRule[];
  tokens: number;
  minute: number;
}

/** Counts what was let through, independently of the code under test. */
class Witness {
  readonly calls: Call[] = [];
  private readonly requests = new Map<string, number>();
  private readonly tokens = new Map<string, number>();

  admitted(call: Call): void {
    this.calls.push(call);
    for (const { key, tpm } of call.rules) {
      this.add(this.requests, `${key} ${call.minute}`, 1);
      if (tpm !== undefined) this.add(this.tokens, `${key} ${call.minute}`, Math.max(1, call.tokens));
    }
  }

  released(call: Call, used: number | undefined): void {
    this.calls.splice(this.calls.indexOf(call), 1);
    if (used === undefined || call.minute !== minuteNow()) return;
    for (const { key, tpm } of call.rules)
      if (tpm !== undefined) this.add(this.tokens, `${key} ${call.minute}`, used - Math.max(1, call.tokens));
  }

  died(worker: Worker): void {
    for (const call of this.calls.filter((one) => one.worker === worker))
      this.calls.splice(this.calls.indexOf(call), 1);
  }

  /** What is left of a rule in this minute, in calls of one token. */
  left({ key, rpm = Infinity, tpm = Infinity, maxParallel = Infinity }: LimitRule): number {
    const name = `${key} ${minuteNow()}`;
    return Math.min(rpm - (this.requests.get(name) ?? 0), tpm - (this.tokens.get(name) ?? 0), maxParallel);
  }

  /** @throws when a limit does not hold */
  check(): void {
    for (const { key, rpm = Infinity, tpm = Infinity, maxParallel = Infinity } of RULES) {
      const inFlight = this.calls.filter(({ rules }) => rules.some((rule) => rule.key === key)).length;
      expect(inFlight).toBeLessThanOrEqual(maxParallel);
      expect(this.requests.get(`${key} ${minuteNow()}`) ?? 0).toBeLessThanOrEqual(rpm);
      expect(this.tokens.get(`${key} ${minuteNow()}`) ?? 0).toBeLessThanOrEqual(tpm);
    }
  }

  private add(counts: Map<string, number>, name: string, amount: number): void {
    counts.set(name, (counts.get(name) ?? 0) + amount);
  }
}

const minuteNow = (): number => Math.floor(Date.now() / 60_000);

/** Plays the steps, then ends all calls. */
const play = async (house: House, script: readonly Step[]): Promise<Witness> => {
  const witness = new Witness();
  for (const step of script) {
    const worker = 'worker' in step ? house.workers[step.worker % house.workers.length]! : house.workers[0]!;
    switch (step.type) {
      case 'take': {
        const rules = step.rules.map((index) => RULES[index]!);
        void Promise.resolve(worker.limits.take(rules, step.tokens)).then((outcome) => {
          if (isDenial(outcome) || worker.wire.isCut) return;
          witness.admitted({ permit: outcome, worker, rules, tokens: step.tokens, minute: minuteNow() });
        });
        break;
      }
      case 'release': {
        const calls = witness.calls.filter((call) => call.worker === worker);
        const call = calls[step.permit % Math.max(1, calls.length)];
        if (!call) break;
        const used = step.used === undefined ? undefined : Math.floor((call.tokens * step.used) / 100);
        witness.released(call, used);
        call.permit.release(used);
        break;
      }
      case 'deliver':
        await house.deliver(step.wire, step.direction);
        break;
      case 'deliverAll':
        await house.quiet();
        break;
      case 'pass':
        await jest.advanceTimersByTimeAsync(step.ms);
        break;
      case 'kill':
        if (house.workers.length === 1) break;
        house.kill(worker);
        witness.died(worker);
        house.hire(step.worker);
        break;
    }
    await settle();
    witness.check();
  }
  // What is asked for when this begins may still be let through.
  await house.pass(1_000);
  witness.check();
  for (const call of [...witness.calls]) {
    witness.released(call, undefined);
    call.permit.release();
  }
  return witness;
};

/** One worker alone can have all of every limit: nobody still holds what nobody uses. */
const expectNothingLost = async (house: House): Promise<void> => {
  const [worker] = house.workers;
  await house.pass(61_000, 100);
  for (const rule of RULES) {
    const limit = Math.min(rule.rpm ?? Infinity, rule.maxParallel ?? Infinity, rule.tpm ?? Infinity);
    if (limit === Infinity) continue;
    expect({ key: rule.key, taken: await house.takeMany(worker!, [rule], limit + 1, 1) }).toEqual({
      key: rule.key,
      taken: limit,
    });
  }
};

describe('takes, releases, deaths and messages in any order', () => {
  it.each([
    ['2 workers under one primary', 2, 0],
    ['4 workers under one primary', 4, 0],
    ['4 workers of 2 machines', 4, 2],
    ['6 workers of 3 machines', 6, 3],
  ])('%s: no limit is exceeded, and all comes back', async (_title, workers, machines) => {
    await fc.assert(
      fc.asyncProperty(steps, start, async (script, offset) => {
        jest.setSystemTime(MINUTE + offset);
        const house = new House(workers, machines);
        await play(house, script);
        await expectNothingLost(house);
        jest.clearAllTimers();
      }),
      { numRuns: 60, endOnFailure: false },
    );
  });
});

describe('a second after the last call', () => {
  it.each([
    ['4 workers under one primary', 4, 0],
    ['4 workers of 2 machines', 4, 2],
  ])('%s: any of them can have all that was not used', async (_title, workers, machines) => {
    await fc.assert(
      fc.asyncProperty(steps, start, fc.nat(3), async (script, offset, chosen) => {
        jest.setSystemTime(MINUTE + offset);
        const house = new House(workers, machines);
        const witness = await play(
          house,
          script.filter(({ type }) => type !== 'kill'),
        );
        await house.pass(1_000);
        // Enough of the minute must be left for the counting below.
        if (Date.now() % 60_000 > 58_000) return;
        for (const rule of RULES.filter(({ key }) => key !== 'free')) {
          const left = witness.left(rule);
          const taken = await house.takeMany(house.workers[chosen]!, [rule], left + 1, 1);
          expect({ key: rule.key, taken }).toEqual({ key: rule.key, taken: left });
        }
        jest.clearAllTimers();
      }),
      { numRuns: 60, endOnFailure: false },
    );
  });
});

describe('a clock that jumps', () => {
  it('locks nobody out for longer than it says, a minute at most', async () => {
    const jump = fc.oneof(fc.integer({ min: -7_200_000, max: 7_200_000 }), fc.integer({ min: -5_000, max: 5_000 }));
    const jumps = fc.array(jump, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(jumps, fc.nat(59_999), async (offsets, start) => {
        jest.setSystemTime(MINUTE + start);
        const rule = { key: 'k', rpm: 3, tpm: 30, maxParallel: 3 };
        const house = new House(2);
        for (const offset of offsets) {
          for (const worker of house.workers) {
            await house.takeMany(worker, [rule], 3, 10);
            for (const permit of worker.held.splice(0)) permit.release();
          }
          jest.setSystemTime(Date.now() + offset);
          await house.pass(50);
        }
        const [first] = house.workers;
        const outcome = await house.take(first!, [rule], 10);
        if (isDenial(outcome)) {
          expect(outcome.retryAfterMs).toBeLessThanOrEqual(61_000);
          await house.pass(outcome.retryAfterMs, 500);
          expect(isDenial(await house.take(first!, [rule], 10))).toBe(false);
        }
        jest.clearAllTimers();
      }),
      { numRuns: 60 },
    );
  });
});
