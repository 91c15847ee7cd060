// What the benchmark's figures stand on: parsing answers, comparing streams, quantiles, and the verdicts.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { holdsOf, type Results } from './holds.mjs';
import { chatRequest, openConnection, ResponseParser } from './load.client.mjs';
import { ask, cpuSecondsOf, startProcess, treeOf } from './processes.mjs';
import { median, quantile, summary } from './stats.mjs';
import { chatBody, LANGUAGES, LARGE_BYTES, largeBody, streamFrames, streamsWithoutUsage } from './wire.mjs';

const statusOf = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
};

const noResults: Results = {
  rounds: {},
  parse: [],
  coldStarts: {},
  memory: {},
  choices: {},
  appends: {},
  records: {},
  ledger: { perSecond: [], questions: {} },
  service: { perSecond: [], authorise: [], memoryMib: [] },
  callbacks: { filled: 0, memoryMib: [], requests: 0, errors: 0, p99: { alone: [], told: [] } },
};

describe('ResponseParser', () => {
  const chunked =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na;x=1\r\n, wörld!!\r\n0\r\nT: 1\r\n\r\n';
  const fixed = 'HTTP/1.1 429 Too Many Requests\r\ncontent-length: 3\r\n\r\nabc';
  const empty = 'HTTP/1.1 204 No Content\r\n\r\n';

  it.each([1, 2, 3, 7, 1_000])('reads answers that come in pieces of %d bytes', (size) => {
    const seen: [status: number, body: string][] = [];
    let body = Buffer.alloc(0);
    const parser = new ResponseParser({
      body: (bytes) => (body = Buffer.concat([body, bytes])),
      end: (status) => {
        seen.push([status, body.toString()]);
        body = Buffer.alloc(0);
      },
    });
    const bytes = Buffer.from(chunked + fixed + empty + chunked);
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    expect(seen).toEqual([
      [200, 'hello, wörld!!'],
      [429, 'abc'],
      [204, ''],
      [200, 'hello, wörld!!'],
    ]);
  });

  it('refuses what is not HTTP', () => {
    const parser = new ResponseParser({ body: () => {}, end: () => {} });
    expect(() => parser.push(Buffer.from('nonsense\r\n\r\n'))).toThrow('no HTTP head');
  });
});

describe('openConnection', () => {
  it('sends a request that a server understands, and tells of lost and refused connections', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      void request.toArray().then((parts) => {
        bodies.push(Buffer.concat(parts).toString());
        if (bodies.length === 2) request.socket.destroy();
        else response.end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = () =>
      new Promise((resolve) => {
        openConnection(port, { end: resolve, fail: () => resolve('lost') }).then(
          ({ send }) => send(chatRequest(port, { authorization: 'Bearer k' }, chatBody())),
          () => resolve('refused'),
        );
      });
    const outcomes = [await outcome(), await outcome()];
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect([...outcomes, await outcome()]).toEqual([200, 'lost', 'refused']);
    expect(bodies).toEqual([chatBody(), chatBody()]);
  });
});

describe('the load generator', () => {
  const whole = Buffer.concat(streamFrames(true));
  const tampered = Buffer.from(whole);
  tampered[whole.length >> 1] = (tampered[whole.length >> 1] ?? 0) ^ 1;

  it.each([
    ['the same bytes in other pieces', [whole.subarray(0, 1_001), whole.subarray(1_001)], 1],
    ['one byte changed', [tampered], 0],
    ['the end missing', [whole.subarray(0, -14)], 0],
    ['something added', [whole, Buffer.from('\n')], 0],
  ])('calls a stream identical or not: %s', async (_name, pieces, identical) => {
    const server = createServer((_request, response) => {
      pieces.forEach((piece) => response.write(piece));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const load = startProcess('load', ['bench/load.mjs'], { messages: true });
    const body = chatBody({ stream: true });
    const order = { kind: 'streams', port, headers: {}, body, unaskedBody: body, streams: 1 };
    const { result } = await ask(load, order);
    await load.stop();
    server.close();
    expect(result).toMatchObject({ streams: 1, errors: 0, identical });
  });
});

describe('processes', () => {
  it('sees what a process starts and uses, and ends all of it', async () => {
    const child = `setInterval(() => {}, 1000)`;
    const parent = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]); ${child}`;
    const running = startProcess('tree', ['-e', parent]);
    let pids: number[] = [];
    while (pids.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      pids = treeOf(running.pid);
    }
    expect(pids[0]).toBe(running.pid);
    expect(cpuSecondsOf(running.pid)).toBeGreaterThan(0);
    await running.stop();
    const isThere = (pid: number) => /^State:\s+[^Z]/m.test(statusOf(pid));
    while (pids.some(isThere)) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(running.alive()).toBe(false);
  });
});

describe('the measure of choices', () => {
  it('knows every strategy, and what its choices cost', async () => {
    const router = startProcess('router', ['bench/choices.mjs'], { messages: true });
    const { strategies } = await ask(router, {});
    expect(strategies).toContain('simple-shuffle');
    for (const strategy of strategies) {
      const { nanos } = await ask(router, { strategy, deployments: 10, count: 2_000 });
      expect(nanos).toBeGreaterThan(50);
    }
    await router.stop();
  });
});

describe('the measure of the journal', () => {
  it('knows what an entry costs in every way, and leaves nothing behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-bench-'));
    const directory = join(folder, 'journal');
    const journal = startProcess('journal', ['bench/appends.mjs'], { messages: true });
    const { ways } = await ask(journal, {});
    expect(ways).toContain('append and ship');
    for (const way of ways) {
      const { nanos } = await ask(journal, { way, callsPerTurn: 8, count: 2_000, directory });
      expect(nanos).toBeGreaterThan(50);
    }
    expect(existsSync(directory)).toBe(false);
    rmSync(folder, { recursive: true });
    await journal.stop();
  });
});

describe('the measure of the metrics', () => {
  it('knows what counting a call costs, and counts each in its own label set', async () => {
    const metrics = startProcess('metrics', ['bench/records.mjs'], { messages: true });
    const { ways } = await ask(metrics, {});
    expect(ways).toContain('every label on');
    for (const way of ways) {
      const { nanos } = await ask(metrics, { way, labelSets: 50, count: 2_000 });
      expect(nanos).toBeGreaterThan(50);
    }
    await metrics.stop();
  });
});

describe('the measure of the ledger', () => {
  it('knows what is settled a second and how long each question takes, and leaves nothing behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-bench-'));
    chmodSync(folder, 0o755);
    const directory = join(folder, 'ledger');
    const ledger = startProcess('ledger', ['bench/ledger.mjs'], { messages: true });
    const order = { directory, days: 2, callsPerDay: 1_000, questionRounds: 1 };
    const { failure, perSecond, questions } = await ask(ledger, order);
    await ledger.stop();
    expect(failure).toBeUndefined();
    expect(perSecond).toHaveLength(2);
    expect(Object.keys(questions).length).toBeGreaterThan(20);
    expect(existsSync(directory)).toBe(false);
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe('wire', () => {
  it('makes streams that differ in usage alone', () => {
    const [plain, withheld] = streamsWithoutUsage().map((bytes) => bytes.toString());
    expect(withheld?.replaceAll(',"usage":null', '')).toBe(plain);
    expect(streamFrames(true)).toHaveLength(streamFrames(false).length + 1);
    expect(plain).toMatch(/^data: \{.*"role":"assistant".*\}\n\n/);
    expect(plain).toMatch(/\n\ndata: \[DONE\]\n\n$/);
  });

  it.each(LANGUAGES)('makes a prompt of 400 KB in %s', (language) => {
    expect(Buffer.byteLength(largeBody(language)) / LARGE_BYTES).toBeCloseTo(1, 1);
  });
});

describe('stats', () => {
  it.each([
    [[3], 0.5, 3],
    [[1, 2], 0.5, 1.5],
    [[1, 2, 3, 4, 5], 0.25, 2],
    [[1, 2, 3, 4, 5], 1, 5],
    [[], 0.5, Number.NaN],
  ])('quantile of %j at %d is %d', (sorted, fraction, expected) => {
    expect(quantile(sorted, fraction)).toBe(expected);
  });

  it('does not mind the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(summary(Float64Array.of(30, 10, 20))).toEqual({ mean: 20, p50: 20, p90: 28, p99: 29.8, max: 30 });
  });
});

describe('holdsOf', () => {
  const verdictOf = (results: Partial<Results>, figure: RegExp) =>
    holdsOf({ ...noResults, ...results }).find((hold) => figure.test(hold.figure))?.verdict;
  const blocks = (blockMs: number) => Object.fromEntries(LANGUAGES.map((language) => [language, { blockMs }]));

  it('says what was not measured', () => {
    expect(new Set(holdsOf(noResults).map(({ verdict }) => verdict))).toEqual(new Set(['not measured']));
  });

  it.each([
    ['CPU within 1.5 of the floor of the same round', [{ cpuMicros: 75 }, { cpuMicros: 150 }], 'held'],
    ['CPU above', [{ cpuMicros: 76 }, { cpuMicros: 160 }], 'missed'],
  ])('%s', (_name, turns, verdict) => {
    const rounds = { c32: { 'gateway-1': turns, floor: [{ cpuMicros: 50 }, { cpuMicros: 100 }] } };
    expect(verdictOf({ rounds }, /CPU per chat request, 1 worker,/)).toBe(verdict);
  });

  it.each([
    [0.3, 'held'],
    [0.31, 'missed'],
  ])('a p50 of %d ms against 0.05 ms direct is %s', (p50, verdict) => {
    const rounds = { sequential: { 'gateway-1': [{ latency: { p50 } }], direct: [{ latency: { p50: 0.05 } }] } };
    expect(verdictOf({ rounds }, /added latency/)).toBe(verdict);
  });

  it.each([
    [[100, 150, 109, 110, 90, 109], 'held'],
    [[100, 100, 100, 100, 100, 111], 'missed'],
    [[100], 'not measured'],
  ])('a worker with callbacks that answer nothing and %j MiB is %s', (memoryMib, verdict) => {
    const callbacks = { ...noResults.callbacks, memoryMib, requests: 200_000, filled: 20_000 };
    expect(verdictOf({ callbacks }, /growth/)).toBe(verdict);
  });

  it.each([
    [[1, 2, 3], [2, 3, 4], 'held'],
    [[1, 1.1, 1.2], [3, 3.1, 3.2], 'missed'],
    [[3, 3.1, 3.2], [1, 1.1, 1.2], 'held'],
  ])('p99 of %j ms without a callback and %j with one is %s', (alone, told, verdict) => {
    const callbacks = { ...noResults.callbacks, p99: { alone, told } };
    expect(verdictOf({ callbacks }, /p99 that a Langfuse/)).toBe(verdict);
  });

  it.each([
    [64, 'held'],
    [63, 'missed'],
  ])('%d of 64 identical streams are %s', (identical, verdict) => {
    const rounds = { streams: { 'gateway-1': [{ streams: 64, errors: 0, identical }] } };
    expect(verdictOf({ rounds }, /bytes/)).toBe(verdict);
  });

  it.each([
    [1.3, 'held'],
    [1.4, 'missed'],
  ])('a block of %d ms against 1 ms of parsing is %s', (block, verdict) => {
    const results = {
      rounds: { large: { 'gateway-1': [blocks(block)] } },
      parse: [{ english: 1, portuguese: 1, chinese: 1 }],
    };
    expect(verdictOf(results, /Portuguese/)).toBe(verdict);
  });

  it.each([
    [0, 'held'],
    [1, 'missed'],
  ])('%d errors with 1,000 clients are %s', (errors, verdict) => {
    const rounds = { c1000: { 'gateway-4': [{ requests: 5_000, errors }] } };
    expect(verdictOf({ rounds }, /1,000 clients, 4 workers/)).toBe(verdict);
  });

  it.each([
    [[1_000, 2_000], [5_000, 4_000], 'held'],
    [[6_000, 2_000], [1_000, 7_000], 'missed'],
  ])(
    'choices of %j and %j ns among 10 deployments are %s: the slowest strategy of each round counts',
    (a, b, verdict) => {
      const choices = { 10: { a, b }, 1_000: { a: [1], b: [1] } };
      expect(verdictOf({ choices }, /choice among 10 /)).toBe(verdict);
      expect(verdictOf({ choices }, /choice among 1,000 /)).toBe('held');
    },
  );

  it.each([
    [[5_000, 3_500], [3_000, 1_500], 'held'],
    [[5_001, 3_501], [3_000, 1_500], 'missed'],
  ])('an entry of %j ns, its JSON of %j in the same rounds, is %s', (append, json, verdict) => {
    const appends = { 32: { 'append, one write a turn': append, 'JSON alone': json }, 1: {} };
    expect(verdictOf({ appends }, /journal entry/)).toBe(verdict);
  });

  it.each([
    [[19_000, 20_000, 30_000], 'held'],
    [[19_000, 19_999, 30_000], 'missed'],
  ])('%j settled entries a second are %s', (perSecond, verdict) => {
    expect(verdictOf({ ledger: { perSecond, questions: {} } }, /ledger settles/)).toBe(verdict);
  });

  it.each([
    [[299, 301, 300], 'held'],
    [[299, 301, 302], 'missed'],
  ])('a slowest question of %j ms is %s', (slow, verdict) => {
    const questions = { fast: [1, 2, 3], slow, other: [9, 900, 9] };
    expect(verdictOf({ ledger: { perSecond: [], questions } }, /answer of the ledger/)).toBe(verdict);
  });

  it('reads memory after the last turn of the soak', () => {
    const rounds = { soak: { 'gateway-1': [150, 180].map((mib) => ({ requests: 50_000, memoryMib: [mib] })) } };
    expect(verdictOf({ rounds }, /RSS of a worker with 10,000 keys after 100,000 requests/)).toBe('held');
  });
});
