// A gateway's processes over their life: several workers, a death, a retirement, a reload, the end.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { chat, exchange, messages, metricsOf, okJson, open, send } from './client.js';
import { childrenOf, eventually, MASTER_KEY, sleep, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, openAi } from './upstreams.js';

jest.setTimeout(60_000);

const CHAT = '/v1/chat/completions';
const config = { model_list: [...everyModelOf('openai', 'echo'), deployment('gpt-4o', 'openai/gpt-4o')] };

/** Configurations that no gateway takes, and what it says of each. */
const BROKEN: [string | object, RegExp][] = [
  ['model_list: [', /litellm_config\.yaml:\d+/],
  [{ ...config, general_settings: { drain_timeout: 'soon' } }, /drain_timeout/],
  [
    { ...config, guardrails: [{ guardrail_name: 'g', litellm_params: { guardrail: 'none', mode: 'pre_call' } }] },
    /guardrail\.none/,
  ],
  [{ ...config, plugins: [{ path: './missing.mjs' }] }, /missing\.mjs/],
];

const started: Gateway[] = [];
afterEach(() => Promise.all(started.splice(0).map((gateway) => gateway.kill())));

const start = async (...args: Parameters<typeof startGateway>): Promise<Gateway> => {
  const gateway = await startGateway(...args);
  started.push(gateway);
  return gateway;
};

/** The command starts a gateway process; with several workers that one is their primary. */
const workersOf = ({ pid }: Gateway): number[] => childrenOf(pid).flatMap(childrenOf);

/** Whether a new connection is turned away. */
const isRefused = ({ port }: Gateway): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });

/** Calls on a connection each, which the primary deals out in turn. */
const callTimes = async (gateway: Gateway, count: number): Promise<number[]> => {
  const answers = await Promise.all(
    Array.from({ length: count }, () => exchange(gateway, CHAT, { body: { model: 'gpt-4o', messages } })),
  );
  return answers.map(({ status }) => status);
};

const callsCounted = async (gateway: Gateway): Promise<number> =>
  (await metricsOf(gateway)).sum('litellm_proxy_total_requests_metric_total', { requested_model: 'gpt-4o' });

describe('with three workers', () => {
  it('metrics are the sum of all, whoever is asked, and outlive a worker that is killed', async () => {
    const gateway = await start({ config, args: ['--num_workers', '3'] });
    const workers = workersOf(gateway);
    expect(workers).toHaveLength(3);
    expect(gateway.output()).toContain('(3 workers)');
    expect(gateway.output().match(/Try it:/g)).toHaveLength(1);

    expect(await callTimes(gateway, 12)).toEqual(Array(12).fill(200));
    // Three readings in a row are three workers' answers.
    for (let reading = 0; reading < 3; reading += 1) expect(await callsCounted(gateway)).toBe(12);
    expect((await metricsOf(gateway)).sum('litellm_in_flight_requests')).toBe(0);

    process.kill(workers[0]!, 'SIGKILL');
    const replaced = await eventually(
      () => workersOf(gateway),
      (now) => now.length === 3 && !now.includes(workers[0]!),
    );
    expect(replaced.filter((pid) => workers.includes(pid))).toHaveLength(2);
    expect(await callsCounted(gateway)).toBe(12);

    expect(await callTimes(gateway, 6)).toEqual(Array(6).fill(200));
    expect(await callsCounted(gateway)).toBe(18);
  });

  it('all of them reload, and all of them end', async () => {
    const gateway = await start({ config, args: ['--num_workers', '3'] });
    gateway.writeConfig({ model_list: [...config.model_list, deployment('newcomer', 'echo/echo')] });
    gateway.signal('SIGHUP');
    const statuses = (): Promise<number[]> =>
      Promise.all(
        Array.from({ length: 6 }, () =>
          exchange(gateway, CHAT, { body: { model: 'newcomer', messages } }).then(({ status }) => status),
        ),
      );
    await eventually(statuses, (all) => all.every((status) => status === 200));
    const workers = workersOf(gateway);
    expect((await gateway.stop()).code).toBe(0);
    expect(workers.flatMap((pid) => isAlive(pid))).toEqual([]);
  });
});

const isAlive = (pid: number): number[] => {
  try {
    process.kill(pid, 0);
    return [pid];
  } catch {
    return [];
  }
};

describe('max_requests_before_restart', () => {
  it('replaces a worker after so many calls: no call finds a closed door, and none is uncounted', async () => {
    const gateway = await start({ config, args: ['--max_requests_before_restart', '5'] });
    const [first] = workersOf(gateway);
    const statuses: number[] = [];
    for (let call = 0; call < 8; call += 1) statuses.push(...(await callTimes(gateway, 1)));
    await eventually(
      async () => {
        statuses.push(...(await callTimes(gateway, 1)));
        return workersOf(gateway);
      },
      (workers) => workers.length === 1 && workers[0] !== first,
    );
    expect(statuses).toEqual(statuses.map(() => 200));
    expect(await callsCounted(gateway)).toBe(statuses.length);
  });
});

describe('SIGHUP', () => {
  it('brings in what was added and takes out what is gone; a call under way keeps what it began with', async () => {
    const gateway = await start({ config });
    const slow = chat(gateway, { model: 'openai/mock-slow-600' });
    await openAi.nextRequest();
    gateway.writeConfig({ model_list: [deployment('newcomer', 'echo/echo')] });
    gateway.signal('SIGHUP');
    await gateway.waitForOutput(/configuration reloaded/);
    const { data } = await okJson(send(gateway, '/v1/models'));
    expect(data.map(({ id }: { id: string }) => id)).toEqual(['newcomer']);
    expect((await okJson(chat(gateway, { model: 'newcomer' }))).choices[0].message.content).toBe('Hello');
    expect((await chat(gateway, { model: 'gpt-4o' })).status).toBe(400);
    expect((await okJson(slow)).choices[0].message.content).toBe('Mock answer to: Hello');
  });

  it('that finds a broken configuration changes nothing and says so, however often', async () => {
    const gateway = await start({ config });
    for (const [broken, reason] of BROKEN) {
      const from = gateway.output().length;
      gateway.writeConfig(broken);
      gateway.signal('SIGHUP');
      const [said] = await gateway.waitForOutput(/.*the configuration was not reloaded; the former one stays.*/, from);
      expect(said).toMatch(reason);
      expect(said).toContain('"level":"error"');
      expect(await callTimes(gateway, 1)).toEqual([200]);
    }
  });
});

const wordChunk = (content: string, finish: string | null = null): string =>
  `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":${JSON.stringify(finish)}}]}\n\n`;

describe.each([
  ['one process', []],
  ['two workers', ['--num_workers', '2']],
])('SIGTERM, %s', (_title, args) => {
  it('lets an open stream finish, takes no new connection, and ends with 0', async () => {
    const gateway = await start({ config, args });
    let goOn = (): void => undefined;
    openAi.script((_request: IncomingMessage, upstream: ServerResponse) => {
      upstream.writeHead(200, { 'content-type': 'text/event-stream' }).write(wordChunk('first'));
      goOn = () => void upstream.end(`${wordChunk('last', 'stop')}data: [DONE]\n\n`);
    });
    const response = await open(gateway, CHAT, { body: { model: 'gpt-4o', messages, stream: true } });
    let text = '';
    response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    const end = once(response, 'end');
    await eventually(
      () => text,
      (sofar) => sofar.includes('first'),
    );
    gateway.signal('SIGTERM');
    await eventually(() => isRefused(gateway), Boolean);
    goOn();
    const [{ code }] = await Promise.all([gateway.ended, end]);
    expect(text).toBe(`${wordChunk('first')}${wordChunk('last', 'stop')}data: [DONE]\n\n`);
    expect(code).toBe(0);
  });
});

describe('while it drains', () => {
  it.each([
    ['readiness', 'GET /health/readiness', '', '"shutting down"'],
    ['a call', `POST ${CHAT}`, JSON.stringify({ model: 'gpt-4o', messages }), '"draining"'],
  ])('answers %s with 503 on a connection that is left, and then closes it', async (_what, line, body, says) => {
    const gateway = await start({ config });
    // Two requests on one connection, as a load balancer keeps it: the second comes after the signal.
    const socket = connect(gateway.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    const write = (request: string, content = ''): void =>
      void socket.write(
        `${request} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${MASTER_KEY}\r\ncontent-type: application/json\r\n` +
          `content-length: ${content.length}\r\n\r\n${content}`,
      );
    const ended = new Promise((resolve) => socket.once('close', resolve));
    let answer = (): void => undefined;
    openAi.script((_request: IncomingMessage, upstream: ServerResponse) => {
      answer = () => void upstream.writeHead(200).end('{"object":"chat.completion","choices":[]}');
    });
    write(`POST ${CHAT}`, JSON.stringify({ model: 'gpt-4o', messages }));
    await openAi.nextRequest();
    gateway.signal('SIGTERM');
    await eventually(() => isRefused(gateway), Boolean);
    write(line, body);
    // Its answer waits behind the first one's, so nothing tells that it was read.
    await sleep(200);
    answer();
    await ended;
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '503']);
    expect(text).toContain(says);
    expect((await gateway.ended).code).toBe(0);
  });

  it('lets a client that reads slowly have all of its answer', async () => {
    const gateway = await start({ config });
    const response = await open(gateway, CHAT, { body: { model: 'openai/mock-big-24576', messages } });
    response.pause();
    await eventually(
      () => metricsOf(gateway),
      (metrics) => metrics.sum('litellm_in_flight_requests') === 0,
    );
    gateway.signal('SIGTERM');
    await sleep(300);
    let size = 0;
    for await (const piece of response) size += (piece as Buffer).length;
    expect(size).toBe(Number(response.headers['content-length']));
    expect((await gateway.ended).code).toBe(0);
  });

  it('ends at once when nothing is open, also with idle connections', async () => {
    const gateway = await start({ config });
    const agent = new Agent({ keepAlive: true });
    await exchange(gateway, '/health/liveliness', {}, agent);
    const from = Date.now();
    expect((await gateway.stop()).code).toBe(0);
    expect(Date.now() - from).toBeLessThan(2_000);
    agent.destroy();
  });
});
