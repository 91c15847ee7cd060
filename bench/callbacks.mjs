/**
 * Callbacks whose servers answer nothing: a worker that tells all of them of many calls must stay as large as it was, and
 * one that tells Langfuse must answer as fast as one that tells nobody.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { memoryOf, requests, startTarget } from './phases.mjs';
import { freePort, startProcess } from './processes.mjs';
import { dataDirs, gatewayWith } from './targets.mjs';

/** @typedef {import('./phases.mjs').Contender} Contender */
/** @typedef {import('./processes.mjs').Running} Running */

/**
 * @typedef {object} CallbackFigures
 * @property {number} filled requests after which every queue is full and the heap has its size: memory is first looked at
 * @property {number[]} memoryMib of the largest process, then and after each turn since
 * @property {number} requests in all
 * @property {number} errors
 * @property {{ alone: number[], told: number[] }} p99 milliseconds, one a round: nobody is told; Langfuse is, and says nothing
 */

/** @typedef {{ requests: number, rounds: number, loadMs: number }} Order */

/**
 * The queues are full after 10,000. What they hold lives for seconds, so it comes to the old part of the heap, whose size V8
 * finds only after some collections of all of it: then it is flat.
 */
const SETTLED = 50_000;
/** Requests between two looks at the memory; few enough for the load generator, which waits 15 s for them. */
const TURN = 2_500;
const CONNECTIONS = 16;
/** Fewer than keep a core busy: this is about waiting, not about work. */
const FEW_CONNECTIONS = 2;

/** @param {Order} order @returns {Promise<CallbackFigures>} */
export async function measureCallbacks(order) {
  const blackHole = await startBlackHole();
  const upstreamPort = await freePort();
  const upstream = startProcess('upstream', ['bench/upstream.mjs', String(upstreamPort), '8']);
  const load = startProcess('load', ['bench/load.mjs'], { messages: true });
  try {
    const p99 = await latencies(load, upstreamPort, blackHole.port, order);
    return { ...(await soak(load, upstreamPort, blackHole.port, order)), p99 };
  } finally {
    await load.stop();
    await upstream.stop();
    blackHole.close();
  }
}

/** Takes connections and what comes on them, and never says a word. */
async function startBlackHole() {
  /** @type {Set<import('node:net').Socket>} */
  const open = new Set();
  const server = createServer((socket) => {
    open.add(socket);
    socket.resume();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    port,
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/**
 * A B, B A, …: what happens on the machine meanwhile meets both alike.
 * @param {Running} load @param {number} upstreamPort @param {number} blackHolePort @param {Order} order
 */
async function latencies(load, upstreamPort, blackHolePort, { rounds, loadMs }) {
  const url = `http://127.0.0.1:${blackHolePort}`;
  const alone = await start('no-callbacks', {}, upstreamPort);
  const told = await start('langfuse-black-hole', { callbacks: ['langfuse'], ...langfuse(url) }, upstreamPort);
  const p99 = { alone: /** @type {number[]} */ ([]), told: /** @type {number[]} */ ([]) };
  /** @type {['alone' | 'told', Contender][]} */
  const both = [
    ['alone', alone],
    ['told', told],
  ];
  for (const [, contender] of both) await requests(load, contender, { connections: CONNECTIONS, count: 4_000 });
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, contender] of round % 2 === 0 ? both : both.toReversed()) {
      const order = { connections: FEW_CONNECTIONS, durationMs: loadMs };
      p99[name].push((await requests(load, contender, order)).latency.p99);
    }
  }
  await alone.running?.stop();
  await told.running?.stop();
  return p99;
}

/** @param {Running} load @param {number} upstreamPort @param {number} blackHolePort @param {Order} order */
async function soak(load, upstreamPort, blackHolePort, { requests: count }) {
  const contender = await start('black-holes', everyCallback(blackHolePort), upstreamPort);
  const filled = Math.min(count, Math.max(Math.ceil(count / 4), SETTLED));
  const figures = { filled, memoryMib: /** @type {number[]} */ ([]), requests: 0, errors: 0 };
  while (figures.requests + figures.errors < count) {
    const left = count - figures.requests - figures.errors;
    const turn = await requests(load, contender, { connections: CONNECTIONS, count: Math.min(left, TURN) });
    figures.requests += turn.requests;
    figures.errors += turn.errors;
    if (turn.requests === 0) throw new Error(`the gateway answers no more: ${JSON.stringify(turn.errorKinds)}`);
    if (figures.requests + figures.errors >= filled) figures.memoryMib.push(Math.max(...memoryOf(contender)));
  }
  await contender.running?.stop();
  return figures;
}

/** @param {string} name @param {object} settings @param {number} upstreamPort @returns {Promise<Contender>} */
async function start(name, settings, upstreamPort) {
  const target = gatewayWith(name, settings);
  const { contender } = await startTarget(target, { upstreamPort, dataDir: dataDirs.make(name), probe: false });
  const headers = await target.prepare?.(`http://127.0.0.1:${contender.port}`);
  return { ...contender, ...(headers && { headers }) };
}

/** @param {string} url */
const langfuse = (url) => ({
  langfuse_public_key: 'pk-lf-bench',
  langfuse_secret_key: 'sk-lf-bench',
  langfuse_host: url,
});

/** Every callback that has a server; what starts with a question to its server is given what it would ask for. */
const everyCallback = (/** @type {number} */ port) => {
  const url = `http://127.0.0.1:${port}`;
  return {
    callbacks: ['langfuse', 'langsmith', 'datadog', 's3', 'webhook', 'generic_api', 'otel', 'mlflow', 'postgres'],
    alerting: ['slack'],
    ...langfuse(url),
    ...{ langsmith_api_key: 'lsv2_bench', langsmith_base_url: url },
    ...{ dd_api_key: 'bench', dd_base_url: url },
    s3_callback_params: {
      s3_bucket_name: 'bench',
      s3_aws_access_key_id: 'bench',
      s3_aws_secret_access_key: 'bench',
      s3_endpoint_url: url,
    },
    webhook_url: url,
    generic_logger_endpoint: url,
    otel_endpoint: url,
    ...{ mlflow_tracking_uri: url, mlflow_experiment_id: '1' },
    postgres_database_url: `postgresql://bench:bench@127.0.0.1:${port}/bench`,
    slack_webhook_url: url,
  };
};
