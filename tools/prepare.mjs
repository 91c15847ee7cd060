// Installs and builds what is not up to date yet. Two stamps tell: one over the lock file, one over the sources.
// Plain JavaScript for any Node that npm runs on; what it starts runs on the Node that the lock file pins.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamps = join(root, 'node_modules', '.turnpike');
const OLDEST_NODE = [22, 19];

const readStamp = (name) => {
  try {
    return readFileSync(join(stamps, name), 'utf8');
  } catch {
    return '';
  }
};

const writeStamp = (name, value) => {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), value);
};

const sha = (hash) => hash.digest('hex');

const installStamp = () => {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(root, 'package-lock.json')));
  hash.update(`${process.platform}-${process.arch}`);
  return sha(hash);
};

/** What makes the build, in this order. */
const STEPS = [['node_modules/typescript/bin/tsc', '-b'], ['tools/bundle.mjs'], ['tools/pack.mjs']];

/** Sources and what steers their build; neither tests nor what they produce. */
const isSource = (name) => /\.(ts|tsx|mts|json)$/.test(name) && !/\.spec\.ts$/.test(name);

const NO_SOURCES = new Set(['build', 'dist', 'fixtures', 'node_modules', 'test']);

const sourceFiles = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NO_SOURCES.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sourceFiles(path) : isSource(entry.name) ? [path] : [];
  });

const buildStamp = () => {
  const hash = createHash('sha256');
  const files = ['apps', 'libs', 'plugins'].flatMap((folder) => sourceFiles(join(root, folder))).sort();
  for (const file of [
    join(root, 'package-lock.json'),
    join(root, 'tsconfig.base.json'),
    join(root, 'tsconfig.json'),
    join(root, 'tools', 'pack.mjs'),
    ...files,
  ]) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  }
  return sha(hash);
};

const run = (command, args, options = {}) => {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
};

/** The pinned Node; the running one when its package could not be installed for this platform. */
export const nodePath = () => {
  const pinned = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath;
  console.error(
    `Turnpike needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}, and the pinned one could not be installed.`,
  );
  console.error('Allow install scripts for the package "node", or install a newer Node.');
  process.exit(1);
};

export const prepare = () => {
  const wanted = installStamp();
  if (readStamp('install') !== wanted) {
    console.log('Installing dependencies …');
    run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    writeStamp('install', wanted);
  }
  const built = buildStamp();
  if (readStamp('build') !== built) {
    console.log('Building …');
    for (const step of STEPS) run(nodePath(), step);
    // The bundle list is made from the build and is itself no source.
    writeStamp('build', buildStamp());
  }
};

/** Runs Node in the foreground, passes signals on, and ends with its exit code. */
export const runNode = (args, env = process.env) => {
  const child = spawn(nodePath(), args, { stdio: 'inherit', env });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
};
