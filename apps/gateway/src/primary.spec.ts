import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { MetricDump } from '@turnpike/telemetry';
import { aConfig, someMetrics } from '../test/doubles.js';
import type { LimitMessage } from '@turnpike/limits';
import type { DeploymentReport } from '@turnpike/router';
import type { FromPrimary, FromWorker } from './channel.js';
import { gatewayTables } from './metrics/families.js';
import type { CallRecord } from './runtime/recent-calls.js';
import type { RoutingListener } from './runtime/routing-bus.js';

/** A worker process that nobody started. */
class FakeWorker extends EventEmitter {
  readonly heard: FromPrimary[] = [];
  readonly process = { kill: jest.fn() };
  isAlive = true;

  constructor(readonly id: number) {
    super();
  }

  isConnected(): boolean {
    return this.isAlive;
  }

  send(message: FromPrimary): void {
    this.heard.push(message);
  }

  says(message: FromWorker): void {
    this.emit('message', message);
  }

  dies(code: number): void {
    this.isAlive = false;
    this.emit('exit', code);
  }

  heardOf(type: FromPrimary['type']): FromPrimary[] {
    return this.heard.filter((message) => message.type === type);
  }
}

let workers: FakeWorker[] = [];

jest.unstable_mockModule('node:cluster', () => ({
  default: {
    setupPrimary: () => undefined,
    fork: () => {
      const worker = new FakeWorker(workers.length + 1);
      workers.push(worker);
      return worker;
    },
  },
}));

/** What the door hears, in order; nobody comes in. */
let atTheDoor: string[] = [];
let openDoor: () => Promise<number> = async () => 4_321;

jest.unstable_mockModule('./front-door.js', () => ({
  FrontDoor: class {
    open(host: string, port: number): Promise<number> {
      atTheDoor.push(`open ${host}:${port}`);
      return openDoor();
    }

    admit = ({ id }: FakeWorker) => void atTheDoor.push(`admit ${id}`);
    took = ({ id }: FakeWorker) => void atTheDoor.push(`took ${id}`);
    dismiss = ({ id }: FakeWorker) => void atTheDoor.push(`dismiss ${id}`);
    lost = ({ id }: FakeWorker) => void atTheDoor.push(`lost ${id}`);
    shut = () => void atTheDoor.push('shut');
  },
}));

/** What is said to the other machines, and how they answer. */
let toldToMachines: unknown[] = [];
let machinesSay: RoutingListener | undefined;
let asksOfMachines = 0;

jest.unstable_mockModule('./runtime/machines.js', () => ({
  joinMachines: async (redis: object | undefined, _now: () => number, listener: RoutingListener) => {
    machinesSay = listener;
    return (
      redis && {
        authority: { isDegraded: false, attach: () => (asksOfMachines += 1) },
        bus: {
          tell: (...word: unknown[]) => void toldToMachines.push(['tell', ...word]),
          gone: (...word: unknown[]) => void toldToMachines.push(['gone', ...word]),
        },
      }
    );
  },
}));

const { Primary } = await import('./primary.js');

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const LISTENING: FromWorker = { type: 'listening', page: 'the page\n' };
/** So many calls since the worker last told. */
const counted = (calls: number): MetricDump => {
  const { proxy } = gatewayTables();
  const rows = [{ labels: proxy.labelNames.map(() => ''), changes: [proxy.at.requests, calls] }];
  return { deltas: [{ table: 'proxy', labelNames: proxy.labelNames, width: proxy.width, rows }] };
};

let written: string[] = [];
let exits: (number | undefined)[] = [];

const run = (numWorkers: number): void =>
  new Primary(aConfig({ server: { host: 'h', port: 1, numWorkers, drainMs: 1_000 }, metrics: someMetrics() })).run();
/** The number of workers that were started so far. */
const started = (): number => workers.length;
const signal = (name: (typeof SIGNALS)[number]): void => process.listeners(name).at(-1)!(name);

beforeEach(() => {
  jest.useFakeTimers();
  [workers, written, exits, atTheDoor, toldToMachines, asksOfMachines] = [[], [], [], [], [], 0];
  openDoor = async () => 4_321;
  const write = (text: unknown): boolean => written.push(String(text)) > 0;
  jest.spyOn(process.stdout, 'write').mockImplementation(write);
  jest.spyOn(process.stderr, 'write').mockImplementation(write);
  jest.spyOn(process, 'exit').mockImplementation(((code?: number) => void exits.push(code)) as never);
});

afterEach(() => {
  for (const name of SIGNALS) process.removeAllListeners(name);
  process.exitCode = undefined;
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe('the workers', () => {
  it('are as many as configured; the page is shown once, when all of them listen', () => {
    run(2);
    expect(started()).toBe(2);
    workers[0]!.says(LISTENING);
    expect(written).toEqual([]);
    workers[1]!.says(LISTENING);
    workers[1]!.says(LISTENING);
    expect(written).toEqual(['the page\n']);
  });

  it('that die are started again, each time a little later', () => {
    run(1);
    const waits: number[] = [];
    for (let death = 0; death < 8; death += 1) {
      const before = started();
      workers.at(-1)!.dies(1);
      let waited = 0;
      while (started() === before) {
        jest.advanceTimersByTime(100);
        waited += 100;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it('that lived a while are started again soon', () => {
    run(1);
    jest.advanceTimersByTime(31_000);
    workers[0]!.dies(1);
    jest.advanceTimersByTime(100);
    expect(started()).toBe(2);
  });

  it('tell each other what their plugins share, through here', () => {
    run(3);
    const change: FromWorker = { type: 'state', change: { plugin: 'p', key: 'k', value: 1 } };
    workers[0]!.says(change);
    expect(workers.map(({ heard }) => heard)).toEqual([[], [change], [change]]);
  });

  it('that are gone are told nothing', () => {
    run(2);
    workers[1]!.isAlive = false;
    workers[0]!.says({ type: 'state', change: {} as never });
    expect(workers[1]!.heard).toEqual([]);
  });

  it('read the configuration anew at SIGHUP', () => {
    run(2);
    signal('SIGHUP');
    expect(workers.map(({ heard }) => heard)).toEqual([[{ type: 'reload' }], [{ type: 'reload' }]]);
  });
});

describe('the door', () => {
  const ready = async (worker: FakeWorker): Promise<void> => {
    worker.says({ type: 'ready' });
    await jest.advanceTimersByTimeAsync(0);
  };

  it('is opened by the first worker that can serve; each is let in once it knows the port', async () => {
    run(2);
    expect(atTheDoor).toEqual([]);
    await ready(workers[1]!);
    await ready(workers[0]!);
    expect(atTheDoor).toEqual(['open h:1', 'admit 2', 'admit 1']);
    expect(workers.map(({ heard }) => heard)).toEqual(Array(2).fill([{ type: 'serve', port: 4_321 }]));
  });

  it('that cannot be opened ends the start', async () => {
    openDoor = () => Promise.reject(Object.assign(new Error('listen'), { code: 'EADDRINUSE', port: 1 }));
    run(2);
    await ready(workers[0]!);
    await ready(workers[1]!);
    expect(written).toEqual([expect.stringContaining('Port 1 is already in use')]);
    for (const worker of workers) worker.dies(1);
    expect(exits).toEqual([1]);
  });

  it('does not wait for a worker that dies before it opens', async () => {
    run(1);
    workers[0]!.says({ type: 'ready' });
    workers[0]!.dies(1);
    await jest.advanceTimersByTimeAsync(0);
    expect(atTheDoor).toEqual(['open h:1', 'lost 1']);
  });

  it('hears who took a connection, who leaves and who is dead', () => {
    run(2);
    workers[0]!.says({ type: 'took' });
    workers[0]!.says({ type: 'leaving' });
    workers[1]!.dies(1);
    expect(atTheDoor).toEqual(['took 1', 'dismiss 1', 'lost 2']);
  });

  it('is shut before anybody drains', () => {
    run(1);
    workers[0]!.send = (message) => void atTheDoor.push(message.type);
    signal('SIGTERM');
    expect(atTheDoor).toEqual(['shut', 'drain']);
  });
});

describe('a worker that has served its time', () => {
  it('is sent no more when its successor serves, retires, and is not replaced again', () => {
    run(1);
    const old = workers[0]!;
    old.says({ type: 'retiring' });
    expect([started(), old.heardOf('retire')]).toEqual([2, []]);
    workers[1]!.says({ type: 'metrics-dump', dump: { deltas: [] } });
    expect(old.heardOf('retire')).toEqual([]);
    workers[1]!.says(LISTENING);
    expect(atTheDoor).toEqual(['dismiss 1']);
    expect(old.heardOf('retire')).toHaveLength(1);
    old.dies(0);
    jest.advanceTimersByTime(60_000);
    expect(started()).toBe(2);
  });

  it('has one successor, however often it says so', () => {
    run(1);
    workers[0]!.says({ type: 'retiring' });
    workers[0]!.says({ type: 'retiring' });
    expect(started()).toBe(2);
  });

  it('goes later when its successor dies before it listens', () => {
    run(1);
    workers[0]!.says({ type: 'retiring' });
    workers[1]!.dies(1);
    jest.advanceTimersByTime(60_000);
    expect([started(), workers[0]!.heardOf('retire')]).toEqual([3, []]);
    workers[2]!.says(LISTENING);
    expect(workers[0]!.heardOf('retire')).toHaveLength(1);
    workers[0]!.dies(0);
    jest.advanceTimersByTime(60_000);
    expect(started()).toBe(3);
  });

  it('that dies badly on its way out is not replaced twice', () => {
    run(1);
    workers[0]!.says({ type: 'retiring' });
    workers[1]!.says(LISTENING);
    workers[0]!.dies(1);
    jest.advanceTimersByTime(60_000);
    expect(started()).toBe(2);
  });

  it('that dies before its successor listens leaves its place to that one', () => {
    run(1);
    workers[0]!.says({ type: 'retiring' });
    workers[0]!.dies(1);
    jest.advanceTimersByTime(60_000);
    expect(started()).toBe(2);
  });
});

it('a worker that cannot start again is tried again later, and the others serve on', () => {
  run(2);
  for (const worker of workers) worker.says(LISTENING);
  workers[0]!.dies(1);
  jest.advanceTimersByTime(1_000);
  workers[2]!.says({ type: 'failed', message: 'broken file' });
  workers[2]!.dies(1);
  jest.advanceTimersByTime(10_000);
  expect(written).toEqual(['the page\n', 'broken file\n']);
  expect([started(), exits, workers[1]!.process.kill.mock.calls]).toEqual([4, [], []]);
});

const CALLS = 'litellm_proxy_total_requests_metric_total';

describe('the metrics', () => {
  /** What the asking worker is told. */
  const texts = async (worker: FakeWorker): Promise<string[]> => {
    for (let turn = 0; turn < 20; turn += 1) await jest.advanceTimersByTimeAsync(1);
    return worker.heardOf('metrics-text').map((message) => (message as { text: string }).text);
  };
  const answer = (worker: FakeWorker, value: number): void => {
    const { request } = worker.heardOf('metrics-collect').at(-1) as { request: number };
    worker.says({ type: 'metrics-dump', dump: counted(value), request });
  };

  it('are those of all workers together', async () => {
    run(2);
    workers[0]!.says({ type: 'metrics-wanted', request: 7 });
    answer(workers[0]!, 1);
    expect(await texts(workers[0]!)).toEqual([]);
    answer(workers[1]!, 2);
    expect(await texts(workers[0]!)).toEqual([expect.stringContaining(`${CALLS} 3`)]);
    expect(workers[0]!.heardOf('metrics-text')).toMatchObject([{ request: 7 }]);
  });

  it('do not wait for a silent worker', async () => {
    run(2);
    workers[0]!.says({ type: 'metrics-wanted', request: 1 });
    answer(workers[0]!, 1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await texts(workers[0]!)).toEqual([expect.stringContaining(`${CALLS} 1`)]);
    answer(workers[1]!, 2);
    expect(await texts(workers[0]!)).toHaveLength(1);
    // What it had counted is not lost.
    workers[0]!.says({ type: 'metrics-wanted', request: 2 });
    for (const worker of workers) answer(worker, 0);
    expect((await texts(workers[0]!)).at(-1)).toContain(`${CALLS} 3`);
  });

  it('do not wait for a worker that dies, and keep what it had counted', async () => {
    run(2);
    workers[1]!.says({ type: 'metrics-dump', dump: counted(5) });
    workers[0]!.says({ type: 'metrics-wanted', request: 1 });
    answer(workers[0]!, 1);
    workers[1]!.dies(1);
    expect(await texts(workers[0]!)).toEqual([expect.stringContaining(`${CALLS} 6`)]);
  });
});

describe('what one worker learned of deployments', () => {
  const reports = [{ id: 'd' }] as unknown as DeploymentReport[];

  it('is told to the others, and whose word it is', () => {
    run(3);
    workers[1]!.says({ type: 'routing', reports });
    const word = { type: 'routing', from: '2', reports };
    expect(workers.map(({ heard }) => heard)).toEqual([[word], [], [word]]);
  });

  it('is forgotten by the others when it dies', () => {
    run(2);
    workers[0]!.dies(1);
    expect(workers[1]!.heard).toEqual([{ type: 'routing-gone', from: '1' }]);
  });

  it('is asked of all when a new worker serves, who knows nothing', () => {
    run(2);
    workers[0]!.says(LISTENING);
    expect(workers.map((worker) => worker.heardOf('routing-wanted').length)).toEqual([0, 1]);
    workers[0]!.dies(1);
    jest.advanceTimersByTime(1_000);
    workers[2]!.says(LISTENING);
    expect(workers.map((worker) => worker.heardOf('routing-wanted').length)).toEqual([0, 2, 0]);
  });
});

describe('limits', () => {
  const ask = (worker: FakeWorker, id: number): void => {
    const want = { requests: 0, tokens: 0, parallel: 1 };
    const items = [{ id, rule: { key: 'k', maxParallel: 1 }, want, calls: 1 }];
    worker.says({ type: 'limits', message: { type: 'limit-request', items } });
  };
  /** Slots that a worker was given. */
  const slotsOf = async (worker: FakeWorker): Promise<number> => {
    // Longer than others are asked to give back what they do not need.
    await jest.advanceTimersByTimeAsync(100);
    const granted = worker.heardOf('limits').flatMap((told) => {
      const { message } = told as { message: LimitMessage };
      return message.type === 'limit-grant' ? message.items.map((grant) => grant.granted.parallel) : [];
    });
    return granted.reduce((sum, slots) => sum + slots, 0);
  };

  it('are held by the primary: one has the only slot, and another does not', async () => {
    run(2);
    ask(workers[0]!, 1);
    ask(workers[1]!, 1);
    expect([await slotsOf(workers[0]!), await slotsOf(workers[1]!)]).toEqual([1, 0]);
  });

  it('come back from a worker that is dead', async () => {
    run(2);
    ask(workers[0]!, 1);
    await slotsOf(workers[0]!);
    workers[0]!.dies(1);
    ask(workers[1]!, 1);
    expect(await slotsOf(workers[1]!)).toBe(1);
  });
});

describe('the other machines', () => {
  const reports = [{ id: 'd' }] as unknown as DeploymentReport[];
  const joined = async (numWorkers: number) => {
    const primary = new Primary(
      aConfig({ server: { host: 'h', port: 1, numWorkers, drainMs: 1_000 }, redis: {}, metrics: someMetrics() }),
    );
    await primary.join();
    primary.run();
  };

  it('are told what workers learned of deployments, and who is gone', async () => {
    await joined(2);
    workers[0]!.says({ type: 'routing', reports });
    workers[1]!.dies(1);
    expect(toldToMachines).toEqual([
      ['tell', '1', reports],
      ['gone', '2'],
    ]);
  });

  it('are heard by all workers', async () => {
    await joined(2);
    machinesSay?.learn('elsewhere/1', reports);
    machinesSay?.forget('elsewhere/1');
    const words = [
      { type: 'routing', from: 'elsewhere/1', reports },
      { type: 'routing-gone', from: 'elsewhere/1' },
    ];
    expect(workers.map(({ heard }) => heard)).toEqual([words, words]);
  });

  it('give this one its slices of the limits', async () => {
    await joined(1);
    expect(asksOfMachines).toBe(1);
  });
});

describe('answers that are to be forgotten', () => {
  it('are forgotten by the other workers before the one that asks is told so', async () => {
    run(3);
    workers[0]!.says({ type: 'cache-forget-wanted', request: 7, keys: ['a'] });
    expect(workers[0]!.heardOf('cache-forget')).toEqual([]);
    for (const other of workers.slice(1)) {
      expect(workers[0]!.heardOf('cache-forgot')).toEqual([]);
      const [asked] = other.heardOf('cache-forget') as unknown as { request: number; keys: string[] }[];
      expect(asked?.keys).toEqual(['a']);
      other.says({ type: 'cache-forgotten', request: asked!.request });
      await jest.advanceTimersByTimeAsync(0);
    }
    expect(workers[0]!.heardOf('cache-forgot')).toEqual([{ type: 'cache-forgot', request: 7 }]);
  });

  it('are not waited for by more than a second where a worker does not answer', async () => {
    run(2);
    workers[0]!.says({ type: 'cache-forget-wanted', request: 7 });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(workers[0]!.heardOf('cache-forgot')).toHaveLength(1);
  });
});

describe('a call that somebody asks for', () => {
  const record = (startedAt: number): CallRecord => ({ callId: 'c', startedAt }) as CallRecord;
  /** What the asking worker is told. */
  const found = async (worker: FakeWorker): Promise<unknown[]> => {
    await jest.advanceTimersByTimeAsync(0);
    return worker.heardOf('call-found').map((message) => (message as { record: unknown }).record);
  };
  const tells = (worker: FakeWorker, told: CallRecord | undefined): void => {
    const { request, callId } = worker.heardOf('call-asked').at(-1) as { request: number; callId: string };
    expect(callId).toBe('c');
    worker.says({ type: 'call-told', request, record: told });
  };
  const wanted: FromWorker = { type: 'call-wanted', request: 7, callId: 'c' };

  it('is asked of all workers, the asking one too, and told as whoever had it tells it', async () => {
    run(2);
    workers[0]!.says(wanted);
    tells(workers[0]!, undefined);
    expect(await found(workers[0]!)).toEqual([]);
    tells(workers[1]!, record(1));
    expect(await found(workers[0]!)).toEqual([record(1)]);
    expect([workers[0]!.heardOf('call-found')[0], workers[1]!.heardOf('call-found')]).toEqual([
      { type: 'call-found', request: 7, record: record(1) },
      [],
    ]);
  });

  it('is the newest of those that have its id', async () => {
    run(3);
    workers[0]!.says(wanted);
    [2, 3, 1].forEach((startedAt, index) => tells(workers[index]!, record(startedAt)));
    expect(await found(workers[0]!)).toEqual([record(3)]);
  });

  it('may be nobody’s', async () => {
    run(1);
    workers[0]!.says(wanted);
    tells(workers[0]!, undefined);
    expect(await found(workers[0]!)).toStrictEqual([undefined]);
  });

  it('is not waited for when its worker is silent, or dies', async () => {
    run(2);
    workers[0]!.says(wanted);
    tells(workers[0]!, undefined);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await found(workers[0]!)).toStrictEqual([undefined]);
    workers[0]!.says(wanted);
    tells(workers[0]!, undefined);
    workers[1]!.dies(1);
    expect(await found(workers[0]!)).toStrictEqual([undefined, undefined]);
  });
});

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('comes with %s: all drain, none is started again', (name) => {
    run(2);
    signal(name);
    signal(name);
    expect(workers.map(({ heard }) => heard)).toEqual([[{ type: 'drain' }], [{ type: 'drain' }]]);
    workers[0]!.dies(0);
    expect(exits).toEqual([]);
    workers[1]!.dies(0);
    expect(exits).toEqual([0]);
    expect(started()).toBe(2);
  });

  it('is forced on a worker that does not drain', () => {
    run(1);
    signal('SIGTERM');
    jest.advanceTimersByTime(5_999);
    expect(workers[0]!.process.kill).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(workers[0]!.process.kill).toHaveBeenCalledWith('SIGKILL');
    expect(exits).toEqual([0]);
  });

  it('comes when a worker cannot start: what stops one stops all', () => {
    run(2);
    workers[0]!.says({ type: 'failed', message: 'no such file' });
    workers[1]!.says({ type: 'failed', message: 'no such file' });
    expect(written).toEqual(['no such file\n']);
    for (const { process: one } of workers) expect(one.kill).toHaveBeenCalledWith('SIGKILL');
    for (const worker of workers) worker.dies(1);
    expect(exits).toEqual([1]);
    jest.advanceTimersByTime(60_000);
    expect(started()).toBe(2);
  });
});
