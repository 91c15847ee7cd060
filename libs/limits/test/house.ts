// Workers, machines and the top of them in one process, with messages that are delivered when the test says so and a
// clock that stands still in between.
import { jest } from '@jest/globals';
import { ChannelAuthority } from '../src/channel-authority.js';
import { Distributor } from '../src/distributor.js';
import { Limits } from '../src/limits.js';
import type { LimitMessage } from '../src/messages.js';
import { isDenial, type Denial, type LimitRule, type Permit } from '../src/rule.js';

/** The first millisecond of a minute. */
export const MINUTE = Date.UTC(2026, 0, 5, 12, 0);

/** More messages than anything needs at one moment. */
const STORM = 10_000;

/** Stops the clock at the beginning of a minute. Promises and microtasks go on by themselves. */
export const stopClock = (): void => {
  jest.useFakeTimers({ now: MINUTE, doNotFake: ['queueMicrotask', 'nextTick'] });
};

export const startClock = (): void => {
  jest.useRealTimers();
};

/** Everything that is due now: promises, immediates, timers of no delay. */
export const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

/** A channel in both directions, each first in, first out. */
class Wire {
  readonly up: LimitMessage[] = [];
  readonly down: LimitMessage[] = [];
  isCut = false;

  constructor(
    readonly top: Distributor,
    readonly name: string,
  ) {
    top.connect(name, (message) => this.down.push(copy(message)));
  }

  private listener: (message: LimitMessage) => void = () => undefined;

  authority(): ChannelAuthority {
    return new ChannelAuthority({
      send: (message) => this.up.push(copy(message)),
      onMessage: (listener) => {
        this.listener = listener;
      },
    });
  }

  /** @returns false when nothing was on its way */
  deliver(direction: 'up' | 'down'): boolean {
    const message = this[direction].shift();
    if (!message || this.isCut) return false;
    if (direction === 'up') this.top.receive(this.name, message);
    else this.listener(message);
    return true;
  }

  /** The holder at the lower end is no more. */
  cut(): void {
    this.isCut = true;
    this.top.holderGone(this.name);
  }
}

/** What really crosses a process boundary. */
const copy = (message: LimitMessage): LimitMessage => JSON.parse(JSON.stringify(message)) as LimitMessage;

export interface Worker {
  readonly limits: Limits;
  readonly wire: Wire;
  /** Permits that were not released. */
  readonly held: Permit[];
}

export class House {
  readonly workers: Worker[] = [];
  readonly wires: Wire[] = [];
  /** Messages that were delivered. */
  messages = 0;
  private readonly tops: Distributor[];
  private readonly root = new Distributor();
  private serial = 0;

  /** @param machines 0: the workers stand directly below the top; else so many machines stand in between */
  constructor(workers: number, machines = 0) {
    this.tops = machines === 0 ? [this.root] : Array.from({ length: machines }, () => this.machine());
    for (let index = 0; index < workers; index += 1) this.hire(index);
  }

  private machine(): Distributor {
    return new Distributor({ authority: this.wire(this.root).authority() });
  }

  private wire(top: Distributor): Wire {
    const wire = new Wire(top, `holder-${++this.serial}`);
    this.wires.push(wire);
    return wire;
  }

  /** A new worker, below the machine of this number. */
  hire(machine = 0): Worker {
    const wire = this.wire(this.tops[machine % this.tops.length]!);
    const worker = { limits: new Limits({ authority: wire.authority() }), wire, held: [] };
    this.workers.push(worker);
    return worker;
  }

  /** It dies without a word. */
  kill(worker: Worker): void {
    worker.wire.cut();
    worker.held.length = 0;
    this.workers.splice(this.workers.indexOf(worker), 1);
  }

  /** Delivers one message, if there is one there. */
  async deliver(wire: number, direction: 'up' | 'down'): Promise<void> {
    if (this.wires[wire % this.wires.length]!.deliver(direction)) this.messages += 1;
    await settle();
  }

  /**
   * Delivers until nothing is on its way.
   * @throws when messages go round and round although no time passes
   */
  async quiet(): Promise<void> {
    await settle();
    const before = this.messages;
    for (let moved = true; moved;) {
      if (this.messages - before > STORM) throw new Error('A storm of messages.');
      moved = false;
      for (const wire of this.wires)
        for (const direction of ['up', 'down'] as const)
          while (wire.deliver(direction)) {
            moved = true;
            this.messages += 1;
          }
      await settle();
    }
  }

  /** Lets time pass while messages flow, so that sweeps, recalls and their answers happen. */
  async pass(milliseconds: number, stepMs = 10): Promise<void> {
    for (let left = milliseconds; left > 0; left -= stepMs) {
      await this.quiet();
      await jest.advanceTimersByTimeAsync(Math.min(left, stepMs));
    }
    await this.quiet();
  }

  /** Takes, and delivers until the answer is there. */
  async take(worker: Worker, rules: readonly LimitRule[], tokens = 0): Promise<Permit | Denial> {
    let outcome: Permit | Denial | undefined;
    void Promise.resolve(worker.limits.take(rules, tokens)).then((answer) => {
      outcome = answer;
    });
    for (let waited = 0; waited < 2_000; waited += 5) {
      await this.quiet();
      if (outcome) break;
      await jest.advanceTimersByTimeAsync(5);
    }
    if (!outcome) throw new Error('No answer within 2 s.');
    if (!isDenial(outcome)) worker.held.push(outcome);
    return outcome;
  }

  /** How many of these takes come through, one after the other. */
  async takeMany(worker: Worker, rules: readonly LimitRule[], times: number, tokens = 0): Promise<number> {
    let admitted = 0;
    for (let index = 0; index < times; index += 1) if (!isDenial(await this.take(worker, rules, tokens))) admitted += 1;
    return admitted;
  }
}

/** All workers in turn, each as long as it is let through. @returns how many calls each got */
export const drain = async (house: House, rule: LimitRule, tokens = 0): Promise<number[]> => {
  const taken = house.workers.map(() => 0);
  const open = new Set(house.workers.keys());
  while (open.size > 0)
    for (const index of open) {
      if (isDenial(await house.take(house.workers[index]!, [rule], tokens))) open.delete(index);
      else taken[index]! += 1;
    }
  return taken;
};

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Ends all calls of a worker. */
export const releaseAll = (worker: Worker): void => {
  for (const permit of worker.held.splice(0)) permit.release();
};
