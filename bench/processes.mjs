/** Child processes: started, watched through /proc, and always ended. Linux only. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const ROOT = resolve(import.meta.dirname, '..');
const PINNED_NODE = resolve(ROOT, 'node_modules/.bin/node');
/** The project's own Node if it is installed: figures of another version cannot be compared. */
export const NODE = existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;

const TICKS_PER_SECOND = 100;
const STOP_MS = 3_000;
const OUTPUT_KEPT = 4_000;

/**
 * @typedef {object} Running
 * @property {string} name
 * @property {number} pid
 * @property {import('node:child_process').ChildProcess} child
 * @property {() => boolean} alive
 * @property {() => string} output the end of what it wrote
 * @property {() => Promise<void>} stop
 */

/** @type {Set<Running>} */
const running = new Set();

/**
 * @param {string} name
 * @param {string[]} args
 * @param {{ program?: string, env?: Record<string, string>, cwd?: string, messages?: boolean }} [options] Node by default;
 *   `messages` opens a channel
 * @returns {Running}
 */
export function startProcess(name, args, { program = NODE, env = {}, cwd = ROOT, messages = false } = {}) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    // A process group of its own, so that what it starts itself can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', messages ? 'ipc' : 'ignore'],
  });
  let output = '';
  const keep = (/** @type {Buffer} */ text) => (output = (output + text.toString()).slice(-OUTPUT_KEPT));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const exited = new Promise((/** @type {(value: void) => void} */ done) => child.once('exit', () => done()));
  const alive = () => child.exitCode === null && child.signalCode === null;
  /** @type {Running} */
  const self = {
    name,
    pid: child.pid ?? 0,
    child,
    alive,
    output: () => output,
    stop: async () => {
      signalGroup(self, 'SIGTERM');
      await Promise.race([exited, pause(STOP_MS, undefined, { ref: false })]);
      signalGroup(self, 'SIGKILL');
      running.delete(self);
    },
  };
  child.once('error', keep);
  running.add(self);
  return self;
}

/** For a process that is leaving: no time to be gentle. */
export function killAll() {
  for (const one of running) signalGroup(one, 'SIGKILL');
  running.clear();
}

export const stopAll = () => Promise.all([...running].map((one) => one.stop()));

/** @param {Running} one @param {NodeJS.Signals} signal */
function signalGroup({ pid }, signal) {
  if (pid === 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group is gone already.
  }
}

/**
 * A process and what it started, as far as they live.
 * @param {number} pid
 * @returns {number[]}
 */
export function treeOf(pid) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? statOf(Number(name))?.parent : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  /** @param {number} root @returns {number[]} */
  const collect = (root) => [root, ...(children.get(root) ?? []).flatMap(collect)];
  return collect(pid);
}

/**
 * Processor time that a process has used, in seconds. In nanosecond steps where the kernel keeps them for each thread,
 * else in ticks of 10 ms.
 * @param {number} pid
 */
export function cpuSecondsOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const times = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, time) => sum + time, 0) / 1e9;
  } catch {
    return (statOf(pid)?.ticks ?? 0) / TICKS_PER_SECOND;
  }
}

/** Resident memory in MiB. @param {number} pid */
export function rssMibOf(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return Number(kib ?? 0) / 1_024;
}

/** @param {number} pid */
export const commandLineOf = (pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();

/** @param {number} pid */
function statOf(pid) {
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ');
  return fields?.[1] === undefined
    ? undefined
    : { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** @returns {Promise<number>} a port on 127.0.0.1 that nobody listens on */
export const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });

/**
 * Sends one order to a forked child and waits for its answer.
 * @param {Running} worker
 * @param {object} order
 * @returns {Promise<any>}
 */
export function ask({ child, name }, order) {
  return new Promise((done, fail) => {
    const onExit = () => fail(new Error(`${name} is gone`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      done(message);
    });
    child.send(order);
  });
}
