// Requests that wait for room: who goes first, who goes home, and that nobody is forgotten.
import { describe, expect, it, jest } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { chat, exchange, metricsOf } from './client.js';
import { ask, at, BOTH_WAYS, blue, expectAnswer, gatewayFor, green, recordOf, red, type Told } from './fleet.js';
import { eventually, MASTER_KEY, readText, type Gateway } from './harness.js';

jest.setTimeout(60_000);

const one = { max_parallel_requests: 1 };
const QUEUE_SECONDS = 5;

const said = (content: string): object => ({ messages: [{ role: 'user', content }] });

/** What the red mock was asked, in order. */
const heard = (): string[] => red.requests.map(({ body }) => body.messages[0].content);

/** The next call at the red mock stays there until this is called; then it fails, which ends it as well as an answer. */
const held = (): (() => void) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  red.script(
    (_request: IncomingMessage, response: ServerResponse) => void promise.then(() => response.writeHead(400).end('{}')),
  );
  return resolve;
};

/** Calls that are under way or wait: all but those for room in the installation. */
const untilInFlight = (gateway: Gateway, calls: number): Promise<number> =>
  eventually(
    async () => (await metricsOf(gateway)).sum('litellm_in_flight_requests'),
    (now) => now === calls,
  );

interface Waiting {
  readonly told: Promise<Told>;
  leave(): Promise<void>;
}

/** Sends a call and sees it wait, or be asked, so that the next one comes after it. */
const enqueue = async (
  gateway: Gateway,
  name: string,
  { key = MASTER_KEY, ...body }: { model: string; key?: string; [field: string]: unknown },
): Promise<Waiting> => {
  const before = (await metricsOf(gateway)).sum('litellm_in_flight_requests');
  const leaving = new AbortController();
  const headers = { 'x-litellm-call-id': name };
  const told = ask(gateway, { ...body, ...said(name) }, { key, headers, signal: leaving.signal });
  // Whoever leaves gets no answer.
  told.catch(() => undefined);
  await untilInFlight(gateway, before + 1);
  return {
    told,
    leave: async () => {
      leaving.abort();
      await told.catch(() => undefined);
    },
  };
};

const queueing = (more: object = {}): object => ({ enable_request_queue: true, queue_timeout: QUEUE_SECONDS, ...more });

describe('a queue', () => {
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [
        ...BOTH_WAYS.flatMap(([way]) => [
          at(red, `slow, ${way}`, { model: 'mock-slow-30', ...one }),
          at(red, `in line, ${way}`, { model: 'in-line', ...one }),
          at(red, `two places, ${way}`, { model: 'mock-slow-40', ...one }),
          at(green, `two places, ${way}`, { model: 'mock-slow-40', ...one }),
          at(red, `rests, ${way}`, { model: 'rests', cooldown_time: 0.5 }),
          at(red, `with help, ${way}`, { model: 'helped', ...one }),
        ]),
        at(red, 'left', { model: 'left', ...one }),
        at(red, 'other line', { model: 'other', ...one }),
        at(blue, 'help', { model: 'help' }),
        at(red, 'by the minute', { model: 'minute', rpm: 0 }),
      ],
      general_settings: queueing(),
      router_settings: {
        allowed_fails: 0,
        default_priority: 3,
        fallbacks: BOTH_WAYS.map(([way]) => ({ [`with help, ${way}`]: ['help'] })),
      },
    },
  }));

  describe.each(BOTH_WAYS)('%s', (way, stream) => {
    it('lets everyone through, one after the other', async () => {
      const model = `slow, ${way}`;
      const tolds = await Promise.all(Array.from({ length: 12 }, () => ask(gateway(), { model, stream })));
      for (const told of tolds) expectAnswer(told);
      expect([red.requests.length, red.maxInFlight]).toEqual([12, 1]);
    });

    it('uses all the room there is', async () => {
      const model = `two places, ${way}`;
      const tolds = await Promise.all(Array.from({ length: 12 }, () => ask(gateway(), { model, stream })));
      for (const told of tolds) expectAnswer(told);
      expect([red.maxInFlight, green.maxInFlight]).toEqual([1, 1]);
      expect(Math.min(red.requests.length, green.requests.length)).toBeGreaterThan(2);
    });

    it('lets the lower priority first, then whoever came first', async () => {
      const model = `in line, ${way}`;
      const release = held();
      const calls = [await enqueue(gateway(), 'first', { model, stream })];
      for (const [name, priority] of [
        ['later', 5],
        ['default', undefined],
        ['urgent', 0],
        ['most urgent', -1],
        ['default too', 3],
        ['urgent too', 0],
      ] as const)
        calls.push(await enqueue(gateway(), name, { model, stream, ...(priority !== undefined && { priority }) }));
      expect(heard()).toEqual(['first']);
      release();
      const [first, ...others] = await Promise.all(calls.map(({ told }) => told));
      expect(first!.status).toBe(400);
      expect(others.map(({ status }) => status)).toEqual(Array(6).fill(200));
      expect(heard()).toEqual(['first', 'most urgent', 'urgent', 'urgent too', 'default', 'default too', 'later']);
      for (const { body } of red.requests) expect(body).not.toHaveProperty('priority');
    });

    it('waits for a deployment that rests, too', async () => {
      const model = `rests, ${way}`;
      red.script('500');
      expect((await ask(gateway(), { model, stream })).status).toBe(500);
      const tolds = await Promise.all(Array.from({ length: 5 }, () => ask(gateway(), { model, stream })));
      for (const told of tolds) {
        expectAnswer(told, `${model}.red`);
        expect(told.retries).toBe(0);
      }
    });

    it('is no place for whom a fallback can answer', async () => {
      const model = `with help, ${way}`;
      const release = held();
      const first = await enqueue(gateway(), 'first', { model, disable_fallbacks: true });
      const told = await ask(gateway(), { model, stream });
      expectAnswer(told, 'help.blue');
      release();
      expect((await first.told).status).toBe(400);
    });
  });

  it('forgets a client that leaves it, and the others keep their places', async () => {
    const release = held();
    await enqueue(gateway(), 'first', { model: 'left' });
    const leaver = await enqueue(gateway(), 'leaver', { model: 'left' });
    const stayer = await enqueue(gateway(), 'stayer', { model: 'left' });
    await leaver.leave();
    expect(await recordOf(gateway(), 'leaver')).toMatchObject({ status: 'client_closed', attempts: [] });
    release();
    expectContent(await stayer.told, 'stayer');
    expect(heard()).toEqual(['first', 'stayer']);
    await untilInFlight(gateway(), 0);
  });

  it('goes on when the client of the call under way leaves', async () => {
    held();
    const first = await enqueue(gateway(), 'first', { model: 'left' });
    const second = await enqueue(gateway(), 'second', { model: 'left' });
    await first.leave();
    expectContent(await second.told, 'second');
    expect(red.requests[0]!.clientLeft).toBe(true);
  });

  it('of one model is not that of another', async () => {
    const release = held();
    const first = await enqueue(gateway(), 'first', { model: 'left' });
    const second = await enqueue(gateway(), 'second', { model: 'left' });
    expectContent(await ask(gateway(), { model: 'other line', ...said('other') }), 'other');
    release();
    await Promise.all([first.told, second.told]);
  });

  it('refuses a priority that is none', async () => {
    expect((await ask(gateway(), { model: 'left', priority: 'high' })).status).toBe(400);
  });
});

const expectContent = ({ status, content }: Told, name: string): void =>
  expect([status, content]).toEqual([200, `Mock answer to: ${name}`]);

describe('a queue that is short of room and of time', () => {
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [at(red, 'busy', { model: 'busy', ...one })],
      general_settings: queueing({ queue_max_size: 2, queue_timeout: 2 }),
    },
  }));

  it.each(BOTH_WAYS)(
    'turns away whoever finds it full, and takes others when somebody leaves, %s',
    async (_, stream) => {
      const release = held();
      const first = await enqueue(gateway(), 'first', { model: 'busy' });
      const leaver = await enqueue(gateway(), 'leaver', { model: 'busy' });
      const patient = await enqueue(gateway(), 'patient', { model: 'busy' });
      const told = await ask(gateway(), { model: 'busy', stream });
      expect(told).toMatchObject({ status: 429, error: { type: 'rate_limit_error' } });
      expect(told.error!.message).toMatch(/queue is full: 2 requests wait/);
      expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);

      await leaver.leave();
      const next = await enqueue(gateway(), 'next', { model: 'busy', stream });
      release();
      expectContent(await patient.told, 'patient');
      expectContent(await next.told, 'next');
      await first.told;
    },
  );

  it('sends home whoever has waited long enough', async () => {
    const release = held();
    const first = await enqueue(gateway(), 'first', { model: 'busy' });
    const tolds = await Promise.all(BOTH_WAYS.map(([, stream]) => ask(gateway(), { model: 'busy', stream })));
    for (const told of tolds) {
      expect(told.status).toBe(429);
      expect(told.error!.message).toMatch(/^No deployments available/);
      expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(told.ms).toBeGreaterThan(1_500);
      expect(told.ms).toBeLessThan(4_000);
    }
    release();
    await first.told;
    expect(red.requests).toHaveLength(1);
  });
});

describe('callers', () => {
  const gateway = gatewayFor(() => ({
    files: {
      // Without a master key there are two callers until keys are made: anyone, and whoever has the generated key.
      'config.yaml': JSON.stringify({
        model_list: [at(red, 'shared', { model: 'shared', ...one })],
        general_settings: queueing(),
      }),
    },
  }));

  it('of one priority take turns, however much one of them asks', async () => {
    const release = held();
    const keys = { a: 'sk-anyone', b: readText(join(gateway().folder, '.turnpike', 'master-key')).trim() };
    const calls = [await enqueue(gateway(), 'first', { model: 'shared', key: keys.a })];
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2'])
      calls.push(await enqueue(gateway(), name, { model: 'shared', key: name < 'b' ? keys.a : keys.b }));
    release();
    await Promise.all(calls.map(({ told }) => told));
    expect(heard()).toEqual(['first', 'a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
  });
});

describe('the limit of the installation', () => {
  const LIMIT = 10;
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [at(red, 'a', { model: 'mock-slow-20' }), at(green, 'b', { model: 'mock-slow-20' })],
      general_settings: queueing({ max_parallel_requests: LIMIT }),
    },
  }));

  it.each(BOTH_WAYS)('is kept, over all models, and everyone gets through, %s', async (_, stream) => {
    let [now, most] = [0, 0];
    const watch = setInterval(() => {
      now = red.inFlight + green.inFlight;
      most = Math.max(most, now);
    }, 1);
    const tolds = await Promise.all(
      Array.from({ length: 100 }, (_each, index) => ask(gateway(), { model: index % 2 === 0 ? 'a' : 'b', stream })),
    );
    clearInterval(watch);
    for (const told of tolds) expectAnswer(told);
    expect(red.requests.length + green.requests.length).toBe(100);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(LIMIT);
  });

  it('is free again when clients leave, whether they waited or not', async () => {
    red.behave('hang');
    for (let round = 0; round < 3; round += 1) {
      const leaving = new AbortController();
      const answers = Array.from({ length: 2 * LIMIT }, () =>
        chat(gateway(), { model: 'a' }, { signal: leaving.signal }).catch(() => undefined),
      );
      // All of the room is used, so none of it was lost in the round before.
      await eventually(
        () => red.inFlight,
        (calls) => calls === LIMIT,
      );
      leaving.abort();
      await Promise.all(answers);
      await untilInFlight(gateway(), 0);
      await eventually(
        () => red.inFlight,
        (calls) => calls === 0,
      );
    }
  });
});

describe('of two workers', () => {
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [at(red, 'shared', { model: 'mock-slow-20', ...one })],
      general_settings: queueing(),
    },
    args: ['--num_workers', '2'],
  }));

  it('the requests of both wait for the one place, and all get it', async () => {
    const body = { model: 'shared', ...said('Hello') };
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => exchange(gateway(), '/v1/chat/completions', { body })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200));
    expect([red.requests.length, red.maxInFlight]).toEqual([16, 1]);
  });
});
