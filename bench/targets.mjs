/** How each thing under measurement is started and spoken to. A change of the gateway's start command belongs here alone. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from './processes.mjs';

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {'always' | 'full'} when measured always, or with `--full` only
 * @property {string[]} [phases] the only ones that it takes part in
 * @property {boolean} [isPeer] another project's gateway
 * @property {(place: Place) => Command} [command] none: the upstream itself
 * @property {(upstreamPort: number) => Record<string, string>} headers
 * @property {string} [needs] a file without which it cannot be started
 * @property {boolean} [hasRedis] a Redis of its own stands beside it
 * @property {boolean} [hasPostgres] its ledger keeps its data in PostgreSQL, where there is one
 * @property {(commandLine: string) => boolean} [counts] which of its processes the CPU and memory figures are about
 * @property {(origin: string) => Promise<Record<string, string>>} [prepare] headers that replace the first ones
 */

/** @typedef {{ args: string[], cwd?: string, env?: Record<string, string> }} Command */
/** @typedef {{ port: number, upstreamPort: number, redisPort: number, databaseUrl?: string | undefined, dataDir: string }} Place */

const PORTKEY = join(ROOT, 'bench/peers/portkey');
/** Where several processes differ from one. */
const MANY_CLIENTS = ['c32', 'c1000'];
const MASTER_KEY = 'sk-bench';
const CLI = join(ROOT, 'apps/cli/dist/main.js');
const CONFIG = join(ROOT, 'bench/gateway.yaml');
const LEDGER_START_MS = 20_000;

/** @param {string} key */
const bearer = (key) => ({ authorization: `Bearer ${key}` });

/**
 * The command line, as people start it.
 * @param {string[]} subcommand
 * @param {number} workers
 * @param {(place: Place) => object} [settings] `litellm_settings`
 * @returns {NonNullable<Target['command']>}
 */
const turnpike = (subcommand, workers, settings) => (place) => {
  const { port, upstreamPort, databaseUrl, dataDir } = place;
  const config = settings ? withSettings(dataDir, settings(place)) : CONFIG;
  return {
    args: [CLI, ...subcommand, ...flags({ config, host: '127.0.0.1', port, num_workers: workers })],
    env: {
      BENCH_API_BASE: `http://127.0.0.1:${upstreamPort}/v1`,
      TURNPIKE_DATA_DIR: dataDir,
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    },
  };
};

/** @param {string} folder @param {object} settings @returns {string} a file with the usual configuration and this */
const withSettings = (folder, settings) => {
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, `${readFileSync(CONFIG, 'utf8')}\nlitellm_settings: ${JSON.stringify(settings)}\n`);
  return file;
};

/** @param {Record<string, string | number>} values */
const flags = (values) => Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** @param {number} processes @returns {Target} */
const floor = (processes) => ({
  name: processes === 1 ? 'floor' : `floor-${processes}`,
  when: processes === 1 ? 'always' : 'full',
  ...(processes > 1 && { phases: MANY_CLIENTS }),
  command: ({ port, upstreamPort }) => ({
    args: ['bench/floor.mjs', String(port), String(upstreamPort), String(processes)],
  }),
  headers: () => bearer(MASTER_KEY),
});

/** @param {number} workers @returns {Target} */
const gateway = (workers) => ({
  name: `gateway-${workers}`,
  when: workers === 1 ? 'always' : 'full',
  ...(workers > 1 && { phases: MANY_CLIENTS }),
  needs: CLI,
  hasPostgres: true,
  command: turnpike([], workers),
  headers: () => bearer(MASTER_KEY),
  // The command line and the ledger are processes of their own, not on the road of a request.
  counts: (commandLine) => !/apps\/(ledger|cli)\//.test(commandLine),
  prepare: virtualKey,
});

/**
 * As `gateway-1`, with a cache.
 * @param {string} store
 * @param {(place: Place) => object} cacheParams
 * @returns {Target}
 */
const cached = (store, cacheParams) => ({
  ...gateway(1),
  name: `cache-${store}`,
  phases: ['cache'],
  command: turnpike([], 1, (place) => ({ cache: true, cache_params: cacheParams(place) })),
});

/**
 * As `gateway-1`, with callbacks; for a part that starts it itself.
 * @param {string} name
 * @param {object} settings `litellm_settings`
 * @returns {Target}
 */
export const gatewayWith = (name, settings) => ({ ...gateway(1), name, command: turnpike([], 1, () => settings) });

/** @type {readonly Target[]} */
export const TARGETS = [
  { name: 'direct', when: 'always', headers: () => bearer('sk-upstream') },
  floor(1),
  {
    name: 'pipe',
    when: 'always',
    phases: ['streams'],
    command: ({ port, upstreamPort }) => ({ args: ['bench/pipe.mjs', String(port), String(upstreamPort)] }),
    headers: () => bearer(MASTER_KEY),
  },
  gateway(1),
  { ...gateway(1), name: 'gateway-embedded', phases: ['c32', 'cold'], hasPostgres: false },
  floor(4),
  gateway(4),
  cached('memory', () => ({ type: 'local' })),
  { ...cached('redis', ({ redisPort }) => ({ type: 'redis', host: '127.0.0.1', port: redisPort })), hasRedis: true },
  {
    name: 'gateway-alone',
    when: 'always',
    phases: ['sequential', 'c32', 'soak', 'cold'],
    needs: CLI,
    command: turnpike(['gateway'], 1),
    headers: () => bearer(MASTER_KEY),
  },
  {
    name: 'portkey',
    when: 'always',
    isPeer: true,
    needs: join(PORTKEY, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
    command: ({ port }) => ({
      args: ['node_modules/@portkey-ai/gateway/build/start-server.js', `--port=${port}`, '--headless'],
      cwd: PORTKEY,
    }),
    headers: (upstreamPort) => ({
      ...bearer('sk-upstream'),
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
    }),
  },
];

/** Where the peer is installed, and what is there once it is. */
export const PEER = { folder: PORTKEY, installed: join(PORTKEY, 'node_modules/.package-lock.json') };

/** @param {Target} target @returns {string | undefined} what it cannot be started without */
export const missingOf = ({ needs, hasRedis }) => {
  if (needs !== undefined && !existsSync(needs)) return needs;
  return hasRedis && spawnSync('redis-server', ['--version']).error ? 'redis-server' : undefined;
};

/** Data directories of the processes started, removed at the end. */
export const dataDirs = {
  /** @type {string[]} */
  made: [],
  /** @param {string} name */
  make(name) {
    const directory = mkdtempSync(join(tmpdir(), `turnpike-bench-${name}-`));
    this.made.push(directory);
    return directory;
  },
  removeAll() {
    for (const directory of this.made.splice(0)) rmSync(directory, { recursive: true, force: true });
  },
};

/**
 * Measured with a virtual key that has a budget and limits, as real traffic has; with the master key where keys cannot
 * be made, which the notes of the result then say.
 * @param {string} origin
 */
async function virtualKey(origin) {
  const response = await generated(origin, Date.now() + LEDGER_START_MS);
  const { key } = response.ok ? /** @type {{ key?: string }} */ (await response.json()) : {};
  if (!key) throw new Error(`no virtual key: /key/generate answered ${response.status}`);
  return bearer(key);
}

/**
 * The ledger makes its tables while the gateway answers already.
 * @param {string} origin
 * @param {number} deadline
 * @returns {Promise<Response>}
 */
async function generated(origin, deadline) {
  const response = await fetch(`${origin}/key/generate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(MASTER_KEY) },
    body: JSON.stringify({
      key_alias: `bench-${process.pid}`,
      models: ['bench', 'bench-stream'],
      max_budget: 1_000_000,
      rpm_limit: 1_000_000_000,
      tpm_limit: 1_000_000_000_000,
    }),
    signal: AbortSignal.timeout(5_000),
  });
  if (response.status !== 503 || Date.now() > deadline) return response;
  await response.arrayBuffer();
  await pause(100);
  return generated(origin, deadline);
}
