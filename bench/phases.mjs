/** What is measured, each as one turn of one target; run.mjs lets the targets take turns. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runOn } from './ledger.postgres.mjs';
import { chatRequest, openConnection } from './load.client.mjs';
import { ask, commandLineOf, cpuSecondsOf, freePort, rssMibOf, startProcess, treeOf } from './processes.mjs';
import { median } from './stats.mjs';
import { chatBody, LANGUAGES, largeBody } from './wire.mjs';

/** @typedef {import('./processes.mjs').Running} Running */
/** @typedef {import('./targets.mjs').Target} Target */

/**
 * A target that runs.
 * @typedef {object} Contender
 * @property {Target} target
 * @property {number} port
 * @property {Record<string, string>} headers
 * @property {Running} [running] none for the upstream itself
 * @property {string} [note] what is not as it should be
 * @property {string | undefined} [databaseUrl] of its ledger
 */

/**
 * @typedef {object} Sizes how much of everything
 * @property {number} rounds
 * @property {number} warmUp requests
 * @property {number} sequential requests a round
 * @property {number} loadMs of each load phase a round
 * @property {number} crowdRounds
 * @property {number} streams at once
 * @property {number} streamRounds
 * @property {number} paceMs between two chunks of a stream
 * @property {number} large requests a language and round
 * @property {number} coldStarts
 * @property {number} partRounds of the router, of the journal and of the metrics
 * @property {number} choices of the router a round, divided by the number of deployments to choose among
 * @property {number} appends entries of the journal a round
 * @property {number} records calls counted in the metrics a round
 * @property {number} ledgerCalls in the ledger's log, on thirty days
 * @property {{ rounds: number, calls: number, keys: number, perSecond: number, seconds: number }} service what a ledger is
 *   shipped and asked over gRPC
 * @property {import('./callbacks.mjs').Order} callbacks
 */

/** Late work that a request caused, such as writing logs, is counted too. */
const SETTLE_MS = 60;
const START_MS = 20_000;
const RETRY_MS = 3;
const SOAK_TURNS = 4;
const SOAK_REQUESTS = 50_000;
/** That a worker knows while its memory is looked at. */
const SOAK_KEYS = 10_000;

/** @typedef {Record<string, any>} Figures */

/**
 * @typedef {object} Phase
 * @property {string} title
 * @property {(sizes: Sizes) => number} rounds how many turns each target has
 * @property {(load: Running, contender: Contender, sizes: Sizes) => Promise<Figures>} turn
 * @property {string[]} [fresh] these targets, started anew; with `--full` or by name only
 * @property {(load: Running, contender: Contender) => Promise<void>} [begin] before its first turn
 * @property {string[]} [only] these targets
 */

/** @type {Record<string, Phase>} */
export const PHASES = {
  // First, while all have had the same load: what has run longer is compiled better, and the pipe has no other phase.
  streams: {
    title: '64 streams at once',
    rounds: ({ streamRounds }) => streamRounds,
    turn: streams,
  },
  sequential: {
    title: 'one client, one request after another',
    // Short turns and many: what a hand-over from core to core costs here changes from one moment to the next.
    rounds: ({ rounds }) => 2 * rounds,
    turn: (load, contender, { sequential }) => requests(load, contender, { connections: 1, count: sequential }),
  },
  c32: {
    title: '32 clients at once',
    rounds: ({ rounds }) => rounds,
    turn: (load, contender, { loadMs }) => requests(load, contender, { connections: 32, durationMs: loadMs }),
  },
  c1000: {
    title: '1,000 clients at once',
    rounds: ({ crowdRounds }) => crowdRounds,
    turn: (load, contender, { loadMs }) => requests(load, contender, { connections: 1_000, durationMs: loadMs }),
  },
  cache: {
    title: 'the same question again and again, from the cache',
    rounds: ({ rounds }) => rounds,
    only: ['direct', 'floor', 'cache-memory', 'cache-redis'],
    turn: again,
  },
  large: {
    title: '400 KB prompts, one after another',
    rounds: ({ rounds }) => rounds,
    turn: large,
  },
  soak: {
    title: `${(SOAK_TURNS * SOAK_REQUESTS).toLocaleString('en')} requests`,
    rounds: () => SOAK_TURNS,
    fresh: ['floor', 'gateway-alone', 'gateway-1'],
    begin: useManyKeys,
    turn: (load, contender) => requests(load, contender, { connections: 32, count: SOAK_REQUESTS }),
  },
};

/**
 * @param {Running} load
 * @param {Contender} contender
 * @param {{ connections: number, count?: number, durationMs?: number, body?: string, keys?: string[], windows?: boolean }} order
 * @returns {Promise<Figures>}
 */
export async function requests(load, contender, { body = chatBody(), ...order }) {
  const { port, headers } = contender;
  const { result, cpuSeconds } = await withCpu(contender, () =>
    tell(load, { kind: 'requests', port, headers, body, ...order }),
  );
  return {
    ...result,
    perSecond: result.requests / result.seconds,
    ...(contender.running && { cpuMicros: (cpuSeconds * 1e6) / result.requests, memoryMib: memoryOf(contender) }),
  };
}

const MAKE_KEYS = [
  `INSERT INTO turnpike.virtual_keys (token, key_name, key_alias, max_budget_nano, rpm_limit, tpm_limit)
   SELECT encode(sha256(convert_to(key, 'UTF8')), 'hex'), 'sk-...' || right(key, 4), key, 9e12, 1000000, 1000000000
   FROM unnest($1::text[]) AS key`,
  `INSERT INTO turnpike.balances (account, max_nano)
   SELECT 'key:' || token, max_budget_nano FROM turnpike.virtual_keys WHERE key_alias = ANY($1)`,
];

/**
 * Each calls once, so that the worker knows all of them. They are made as the ledger makes them, without its API.
 * @param {Running} load @param {Contender} contender
 */
async function useManyKeys(load, contender) {
  const { databaseUrl } = contender;
  if (databaseUrl === undefined) return;
  const keys = Array.from({ length: SOAK_KEYS }, (_, number) => `sk-bench-${number}`);
  await runOn(
    databaseUrl,
    MAKE_KEYS.map((sql) => [sql, [keys]]),
  );
  const { errors } = await requests(load, contender, { connections: 32, count: keys.length, keys });
  if (errors > 0) throw new Error(`${errors} of ${keys.length} keys were not let in`);
}

/**
 * Latencies of one client, and the processor time of many at once.
 * @param {Running} load
 * @param {Contender} contender
 * @param {Sizes} sizes
 * @returns {Promise<Figures>}
 */
async function again(load, contender, { sequential, loadMs }) {
  const alone = await requests(load, contender, { connections: 1, count: 2 * sequential });
  const crowd = await requests(load, contender, { connections: 32, durationMs: loadMs });
  const [sent, errors] = [alone.requests + crowd.requests, alone.errors + crowd.errors];
  return { ...crowd, requests: sent, errors, latency: alone.latency };
}

/** @param {Running} load @param {Contender} contender @param {Sizes} sizes @returns {Promise<Figures>} */
async function streams(load, contender, { streams: count }) {
  const { port, headers } = contender;
  const [body, unaskedBody] = [true, false].map((includeUsage) =>
    chatBody({ model: 'bench-stream', stream: true, includeUsage }),
  );
  const order = { kind: 'streams', port, headers, body, unaskedBody, streams: count };
  const { result, cpuSeconds } = await withCpu(contender, () => tell(load, order));
  return { ...result, ...(contender.running && { cpuMicrosPerChunk: (cpuSeconds * 1e6) / result.chunks }) };
}

/** @param {Running} load @param {Contender} contender @param {Sizes} sizes @returns {Promise<Figures>} */
async function large(load, contender, { large: count }) {
  /** @type {Figures} */
  const figures = { requests: 0, errors: 0 };
  for (const language of LANGUAGES) {
    const body = largeBody(language);
    const { latency, errors, cpuMicros } = await requests(load, contender, { connections: 1, count, body });
    figures[language] = { latency, ...(cpuMicros !== undefined && { cpuMicros }) };
    figures.requests += count;
    figures.errors += errors;
    const [pid] = countedPids(contender);
    if (pid && existsSync(join(PROBE_DIR, `${pid}.ready`))) {
      figures[language].blockMs = await longestBlock(load, contender, pid, { connections: 1, count, body });
    }
  }
  return figures;
}

/**
 * The longest stretch that the event loop was busy during each request: the median of those, so that what the machine
 * did beside it does not count.
 * @param {Running} load
 * @param {Contender} contender
 * @param {number} pid
 * @param {{ connections: number, count: number, body: string }} order
 */
async function longestBlock(load, contender, pid, order) {
  process.kill(pid, 'SIGUSR2');
  await pause(30);
  const { windows } = await requests(load, contender, { ...order, windows: true });
  process.kill(pid, 'SIGUSR2');
  const blocks = await readBlocks(pid);
  const longest = windows.map((/** @type {[number, number]} */ [begin, end]) =>
    Math.max(0, ...blocks.filter(([at]) => at >= begin && at <= end).map(([, length]) => length)),
  );
  return median(longest) / 1e6;
}

/** Where the loop probes of this run write. */
export const PROBE_DIR = join(tmpdir(), `turnpike-bench-probe-${process.pid}`);

/** @param {number} pid @returns {Promise<[endNs: number, lengthNs: number][]>} */
async function readBlocks(pid) {
  const file = join(PROBE_DIR, `${pid}.json`);
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      const blocks = JSON.parse(readFileSync(file, 'utf8'));
      rmSync(file);
      return blocks;
    } catch {
      await pause(10);
    }
  }
  throw new Error(`the loop probe of process ${pid} said nothing`);
}

/** The reference for blocks. @param {Running} reference @param {Sizes} sizes @returns {Promise<Figures>} */
export async function parseTimes(reference, { large: count }) {
  /** @type {Figures} */
  const figures = {};
  for (const language of LANGUAGES) {
    figures[language] = median((await ask(reference, { language, repeat: count })).times);
  }
  return figures;
}

/**
 * Starts a target and waits for its first answer to a chat request.
 * @param {Target} target
 * @param {{ upstreamPort: number, databaseUrl?: string | undefined, dataDir: string, probe: boolean }} options
 * @returns {Promise<{ contender: Contender, seconds: number }>} seconds from the start of the process to that answer
 */
export async function startTarget(target, { upstreamPort, databaseUrl, dataDir, probe }) {
  const headers = target.headers(upstreamPort);
  if (!target.command) return { contender: { target, port: upstreamPort, headers }, seconds: 0 };
  const [port, redisPort] = [await freePort(), await freePort()];
  if (target.hasRedis) await startRedis(redisPort);
  const { args, cwd, env } = target.command({ port, upstreamPort, redisPort, databaseUrl, dataDir });
  mkdirSync(PROBE_DIR, { recursive: true });
  const probeOptions = {
    NODE_OPTIONS: `--import ${join(import.meta.dirname, 'loop-probe.mjs')}`,
    LOOP_PROBE_DIR: PROBE_DIR,
  };
  const begin = performance.now();
  const running = startProcess(target.name, args, { ...(cwd && { cwd }), env: { ...env, ...(probe && probeOptions) } });
  const contender = { target, port, headers, running };
  await firstAnswer(contender, begin + START_MS);
  return { contender, seconds: (performance.now() - begin) / 1_000 };
}

/** Keeps nothing on the disk. @param {number} port */
async function startRedis(port) {
  const kept = ['--save', '', '--appendonly', 'no'];
  const args = ['--port', String(port), '--bind', '127.0.0.1', ...kept];
  const running = startProcess('redis', args, { program: 'redis-server' });
  while (running.alive() && !running.output().includes('Ready to accept connections')) await pause(RETRY_MS);
}

/** @param {Contender} contender @param {number} deadline */
async function firstAnswer({ target, port, headers, running }, deadline) {
  const request = chatRequest(port, headers, chatBody());
  let status = 0;
  while (performance.now() < deadline && running?.alive()) {
    status = await askOnce(port, request);
    if (status === 200) return;
    await pause(RETRY_MS);
  }
  const why = running?.alive() ? `last status ${status}` : 'its process ended';
  await running?.stop();
  throw new Error(`${target.name} did not answer (${why})\n${running?.output()}`);
}

/** @param {number} port @param {Buffer} request @returns {Promise<number>} the status, 0 if there was no answer */
async function askOnce(port, request) {
  /** @type {(status: number) => void} */
  let done = () => {};
  const answered = new Promise((/** @type {(status: number) => void} */ resolve) => (done = resolve));
  try {
    const connection = await openConnection(port, { end: done, fail: () => done(0) });
    connection.send(request);
    const status = await Promise.race([answered, pause(START_MS, 0, { ref: false })]);
    connection.close();
    return status;
  } catch {
    return 0;
  }
}

/** Memory of the processes that count, in MiB. @param {Contender} contender */
export const memoryOf = (contender) => countedPids(contender).map((pid) => Math.round(rssMibOf(pid)));

/** @param {Contender} contender @returns {number[]} */
function countedPids({ running, target }) {
  if (!running) return [];
  return treeOf(running.pid).filter((pid) => target.counts?.(commandLineOf(pid)) ?? true);
}

/**
 * @param {Contender} contender
 * @param {() => Promise<any>} work
 */
async function withCpu(contender, work) {
  const pids = countedPids(contender);
  const before = pids.map(cpuSecondsOf);
  const result = await work();
  await pause(SETTLE_MS);
  const cpuSeconds = pids.reduce((sum, pid, index) => sum + cpuSecondsOf(pid) - (before[index] ?? 0), 0);
  return { result, cpuSeconds };
}

/** @param {Running} load @param {object} order */
async function tell(load, order) {
  const { result, error } = await ask(load, order);
  if (error) throw new Error(error);
  return result;
}
