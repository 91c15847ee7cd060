// Connections that come while processes go: each is answered, or learns at once that it must try elsewhere.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'node:net';
import { chat, exchange, messages, okJson } from './client.js';
import { childrenOf, eventually, MASTER_KEY, sleep, startGateway, type Gateway } from './harness.js';
import { everyModelOf, openAi } from './upstreams.js';

jest.setTimeout(60_000);

const CHAT = '/v1/chat/completions';
const config = { model_list: everyModelOf('openai') };
/** A client that waits longer than this waits for nobody. */
const PROMPT_MS = 1_500;

const started: Gateway[] = [];
const loads: { stop: () => Promise<Knock[]> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((gateway) => gateway.kill()));
  await Promise.all(loads.splice(0).map((load) => load.stop()));
});

const start = async (...args: string[]): Promise<Gateway> => {
  const gateway = await startGateway({ config, args });
  started.push(gateway);
  return gateway;
};

interface Knock {
  /** Status of the answer, or how the connection ended without one. */
  end: string;
  code?: string;
  ms: number;
}

const BODY = JSON.stringify({ model: 'openai/m', messages });
const REQUEST =
  `POST ${CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${MASTER_KEY}\r\nconnection: close\r\n` +
  `content-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

/** One call on a connection of its own. */
const knock = ({ port }: Gateway): Promise<Knock> =>
  new Promise((resolve) => {
    const from = performance.now();
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const end = (how: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ end: how, code: /"code":"(\w+)"/.exec(text)?.[1], ms: performance.now() - from });
    };
    const timer = setTimeout(() => end('hangs'), PROMPT_MS * 3);
    socket.on('connect', () => socket.write(REQUEST));
    socket.on('data', (piece: Buffer) => (text += piece.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.on('close', () => end(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'closed'));
  });

/** One call on a connection that is kept for the next one, as long as the gateway keeps it. */
const knockAgain = async (gateway: Gateway): Promise<Knock> => {
  const from = performance.now();
  const end = await chat(gateway, { model: 'openai/m' }).then(
    async (response) => {
      await response.text();
      return String(response.status);
    },
    (error: unknown) => String((error as { cause?: NodeJS.ErrnoException }).cause?.code ?? error),
  );
  return { end, ms: performance.now() - from };
};

/** Many clients that knock again and again, until they are told to stop. */
const hammer = (gateway: Gateway, once: typeof knock = knock): { stop: () => Promise<Knock[]> } => {
  const knocks: Knock[] = [];
  let goesOn = true;
  const clients = Array.from({ length: 30 }, async () => {
    while (goesOn) {
      const one = await once(gateway);
      knocks.push(one);
      // A closed door is no reason to keep the processor from those who are leaving.
      if (one.end !== '200') await sleep(1);
    }
  });
  const load = {
    stop: async () => {
      goesOn = false;
      await Promise.all(clients);
      return knocks;
    },
  };
  loads.push(load);
  return load;
};

const endsOf = (knocks: readonly Knock[]): string[] => [...new Set(knocks.map(({ end }) => end))].sort();
const slowest = (knocks: readonly Knock[]): number => Math.max(...knocks.map(({ ms }) => ms));

describe.each([
  ['one process', []],
  ['two workers', ['--num_workers', '2']],
])('SIGTERM to %s under load', (_what, args) => {
  it.each([1, 2])('leaves nobody waiting (%i)', async () => {
    const gateway = await start(...args);
    const arrival = openAi.nextRequest();
    // The drain lasts as long as this call does.
    const slow = okJson(chat(gateway, { model: 'openai/mock-slow-3000' }));
    await arrival;
    const load = hammer(gateway);
    await sleep(300);
    gateway.signal('SIGTERM');
    await sleep(300);
    const knocks = await load.stop();
    expect(slowest(knocks)).toBeLessThan(PROMPT_MS);
    const allowed = ['200', '503', 'ECONNREFUSED', 'ECONNRESET', 'closed'];
    expect(endsOf(knocks).filter((end) => !allowed.includes(end))).toEqual([]);
    expect(endsOf(knocks)).toEqual(expect.arrayContaining(['200', 'ECONNREFUSED']));
    for (const { end, code } of knocks) if (end === '503') expect(code).toBe('draining');
    expect((await slow).choices[0].message.content).toBe('Mock answer to: Hello');
    expect((await gateway.ended).code).toBe(0);
  });
});

describe('with two workers', () => {
  const workersOf = ({ pid }: Gateway): number[] => childrenOf(pid).flatMap(childrenOf);

  it('one that is killed under load takes its own calls with it, and leaves nobody waiting', async () => {
    const gateway = await start('--num_workers', '2');
    const [first] = workersOf(gateway);
    const load = hammer(gateway);
    await sleep(300);
    process.kill(first!, 'SIGKILL');
    await sleep(300);
    const knocks = await load.stop();
    expect(slowest(knocks)).toBeLessThan(PROMPT_MS);
    expect(endsOf(knocks).filter((end) => !['200', 'ECONNRESET', 'closed'].includes(end))).toEqual([]);
    expect(knocks.at(-1)!.end).toBe('200');
  });

  it('one that is stuck gets no more connections, and the other serves on', async () => {
    const gateway = await start('--num_workers', '2');
    const [first] = workersOf(gateway);
    process.kill(first!, 'SIGSTOP');
    // The one that it was given waits for it.
    const given = knock(gateway);
    const others = await Promise.all([knock(gateway), ...Array.from({ length: 20 }, () => knock(gateway))]);
    process.kill(first!, 'SIGCONT');
    const ends = [await given, ...others].map(({ end, ms }) => (ms < PROMPT_MS ? end : 'waited'));
    expect(ends.filter((end) => end !== '200').length).toBeLessThanOrEqual(1);
  });

  it('one that is told to end by itself goes, and another takes its place', async () => {
    const gateway = await start('--num_workers', '2');
    const [first] = workersOf(gateway);
    const load = hammer(gateway);
    await sleep(200);
    process.kill(first!, 'SIGTERM');
    await eventually(
      () => workersOf(gateway),
      (now) => now.length === 2 && !now.includes(first!),
    );
    const knocks = await load.stop();
    expect(slowest(knocks)).toBeLessThan(PROMPT_MS);
    expect(endsOf(knocks)).not.toContain('ECONNREFUSED');
  });

  it.each([
    ['each on a connection of its own', knock],
    ['on connections that are kept', knockAgain],
  ])('a worker that has served enough is replaced without a call that fails, %s', async (_how, once) => {
    const gateway = await start('--num_workers', '2', '--max_requests_before_restart', '500');
    const before = workersOf(gateway);
    const load = hammer(gateway, once);
    await eventually(
      () => workersOf(gateway),
      // Under such a load the successors have soon served enough, too.
      (now) => !now.some((pid) => before.includes(pid)),
      20_000,
    );
    const knocks = await load.stop();
    expect(endsOf(knocks)).toEqual(['200']);
    expect((await exchange(gateway, '/health/readiness')).status).toBe(200);
  });
});
