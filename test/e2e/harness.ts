// The turnpike command as a process of its own: in a new folder, with a clean environment, ended when the file's tests end.
import { afterAll, beforeAll } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyEmbedded } from '../services/embedded-template.js';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const COMMAND = join(ROOT, 'apps', 'cli', 'dist', 'main.js');
const CONFIG_FILE = 'litellm_config.yaml';

/** The master key of every gateway whose configuration does not say otherwise. */
export const MASTER_KEY = 'sk-e2e-master-key';

const START_DEADLINE_MS = 30_000;
const END_DEADLINE_MS = 15_000;

export interface RunOptions {
  /** Text of `litellm_config.yaml`, or a tree to be written as one. Absent: no file. */
  config?: string | object;
  /** Other files, by their path in the folder. */
  files?: Readonly<Record<string, string>>;
  /** All that is in the environment besides PATH, HOME and, with a configuration, LITELLM_MASTER_KEY. */
  env?: Readonly<Record<string, string>>;
  args?: readonly string[];
  /** Script to run instead of the turnpike command. */
  command?: string;
  /** Folder to run in; a new one by default. */
  folder?: string;
}

export interface StartOptions extends RunOptions {
  /** What `turnpike` alone does; without it, it is `turnpike gateway`. */
  hasLedger?: boolean;
}

export interface Ended {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Gateway {
  /** Origin, without a path. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Of the turnpike command. */
  readonly pid: number;
  /** Standard output and error so far. */
  output(): string;
  /** Resolves when the output, from `from` on, matches. */
  waitForOutput(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  writeConfig(config: string | object): void;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<Ended>;
  /** As a terminal's Ctrl-C does: to all processes of its group. */
  interrupt(): void;
  /** SIGKILL to all of its processes: for tests that have seen what they wanted. */
  kill(): Promise<Ended>;
}

const processes = new Set<ChildProcess>();
const folders: string[] = [];

/** A ledger has a group of its own, so that a terminal's Ctrl-C does not reach it. */
const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  for (const group of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It leads no group, or nobody of the group is left.
    }
  }
};

const killAll = (): void => {
  for (const child of processes) killGroup(child);
  processes.clear();
};

process.once('exit', killAll);
afterAll(() => {
  killAll();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder outside the tree, removed after the file's tests. */
export const newFolder = (files: Readonly<Record<string, string>> = {}): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'turnpike-e2e-')));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

/** JSON is YAML too. */
const toText = (config: string | object): string =>
  typeof config === 'string' ? config : JSON.stringify(config, null, 2);

interface Running {
  child: ChildProcess;
  folder: string;
  ended: Promise<Ended>;
  output: () => string;
}

const launch = (options: RunOptions & { hasEmbedded?: boolean }): Running => {
  const { config, files = {}, env = {}, args = [], command = COMMAND, hasEmbedded } = options;
  const written = config === undefined ? files : { ...files, [CONFIG_FILE]: toText(config) };
  const folder = options.folder ?? newFolder(written);
  if (hasEmbedded) copyEmbedded(join(folder, '.turnpike'));
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    // A group of its own, so that nothing of it outlives the tests.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      ...(config !== undefined && { LITELLM_MASTER_KEY: MASTER_KEY }),
      ...env,
    },
  });
  processes.add(child);
  let [stdout, stderr, both] = ['', '', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    both += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    both += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      killGroup(child);
      processes.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  return { child, folder, ended, output: () => both };
};

/** Runs a command to its end. Throws when it takes too long. */
export const run = async (options: RunOptions): Promise<Ended> => {
  const { ended, child, output } = launch(options);
  return within(END_DEADLINE_MS, ended, () => {
    killGroup(child);
    return `The command did not end.\n${output()}`;
  });
};

/** Starts a command that runs until it is told to end, such as `turnpike ledger`. */
export const startCommand = (options: RunOptions): Pick<Gateway, 'output' | 'stop'> => {
  const { child, ended, output } = launch(options);
  const stop = (): Promise<Ended> => {
    child.kill('SIGTERM');
    return within(END_DEADLINE_MS, ended, () => `The command did not stop.\n${output()}`);
  };
  return { output, stop };
};

/** Starts a gateway on a free port, with a ledger beside it only where that is wanted, and waits for its start page. */
export const startGateway = async ({ args = [], hasLedger, ...options }: StartOptions = {}): Promise<Gateway> => {
  const anyPort = args.includes('--port') ? [] : ['--port', '0'];
  const isEmbedded = hasLedger && options.folder === undefined && options.env?.['DATABASE_URL'] === undefined;
  const running = launch({
    ...options,
    hasEmbedded: isEmbedded,
    args: [...(hasLedger ? [] : ['gateway']), ...args, ...anyPort],
  });
  const { child, folder, ended, output } = running;
  const waitForOutput = async (pattern: RegExp, from = 0): Promise<RegExpExecArray> => {
    let found = pattern.exec(output().slice(from));
    while (!found) {
      await sleep(10);
      if (!processes.has(child)) throw new Error(`The gateway ended.\n${output()}`);
      found = pattern.exec(output().slice(from));
    }
    return found;
  };
  const [, port] = await within(START_DEADLINE_MS, waitForOutput(/ {2}Turnpike \S+ {2}http:\/\/\S+?:(\d+)/), () => {
    killGroup(child);
    return `The gateway did not start.\n${output()}`;
  });
  const url = `http://127.0.0.1:${port}`;
  if (hasLedger) await ledgerIsThere(url);
  return {
    url,
    port: Number(port),
    folder,
    pid: child.pid!,
    output,
    ended,
    waitForOutput: (pattern, from) =>
      within(START_DEADLINE_MS, waitForOutput(pattern, from), () => `Never said ${pattern}.\n${output()}`),
    writeConfig: (config) => writeFileSync(join(folder, CONFIG_FILE), toText(config)),
    signal: (name) => void child.kill(name),
    interrupt: () => void process.kill(-child.pid!, 'SIGINT'),
    stop: () => {
      child.kill('SIGTERM');
      return within(END_DEADLINE_MS, ended, () => `The gateway did not stop.\n${output()}`);
    },
    kill: () => {
      killGroup(child);
      return ended;
    },
  };
};

/** A gateway serves before its ledger does. */
const ledgerIsThere = async (url: string): Promise<void> => {
  const awayIn = async (): Promise<boolean> => {
    const { degraded } = (await (await fetch(`${url}/health/readiness`)).json()) as { degraded: string[] };
    return degraded.some((state) => state.startsWith('ledger_away'));
  };
  await eventually(awayIn, (isAway) => !isAway, START_DEADLINE_MS);
};

/** Starts a gateway for one check and ends it afterwards, whatever the check found. */
export const withGateway = async <T>(options: StartOptions, check: (gateway: Gateway) => Promise<T>): Promise<T> => {
  const gateway = await startGateway(options);
  try {
    return await check(gateway);
  } finally {
    await gateway.kill();
  }
};

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const within = async <T>(ms: number, work: Promise<T>, complaint: () => string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint())), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Runs work that costs a core each, a few at a time. The order is that of the calls. */
export const atMost = (limit: number): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running === limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
};

const queue = atMost(2);

/**
 * Work that each case of a table waits for: all of it is begun before the first test of its `describe` (of the file, at
 * top level), so that it goes on beside other tests, two at a time.
 */
export const begun = <Case, T>(
  cases: readonly Case[],
  work: (one: Case, queued: typeof queue) => Promise<T>,
): ((one: Case) => Promise<T>) => {
  const results = new Map<Case, Promise<T>>();
  beforeAll(() => {
    for (const one of cases) {
      const result = work(one, queue);
      // A failure belongs to the test that waits for it, which may not have begun.
      result.catch(() => undefined);
      results.set(one, result);
    }
  });
  return (one) => results.get(one)!;
};

/** Asks again and again until the answer is what is waited for. */
export const eventually = async <T>(
  ask: () => T | Promise<T>,
  isGood: (value: T) => boolean,
  ms = 10_000,
): Promise<T> => {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await ask();
    if (isGood(value)) return value;
    if (Date.now() > deadline) throw new Error(`Still ${JSON.stringify(value)} after ${ms} ms.`);
    await sleep(20);
  }
};

/** Process ids of a process's children. */
export const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));

export const readText = (path: string): string => readFileSync(path, 'utf8');
