/** A PostgreSQL of the benchmark's own, with its usual settings, durability included. */
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './processes.mjs';

/**
 * @typedef {object} Postgres
 * @property {string} url of a database that is empty at first
 * @property {(name: string) => Promise<string>} database makes a further one, and tells its address
 * @property {() => Promise<void>} stop
 */

/** @param {string} url @param {readonly (readonly [sql: string, values?: readonly unknown[]])[]} statements one after the other */
export async function runOn(url, statements) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const [sql, values = []] of statements) await client.query(sql, [...values]);
  await client.end();
}

/** Where Debian keeps the server's programs, off the PATH, one folder a version. */
const VERSIONS = '/usr/lib/postgresql';
const START_MS = 30_000;

/** @returns {string | undefined} the folder of the server's programs */
export function binFolder() {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : [];
  const told = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim();
  const folders = [
    process.env.TURNPIKE_TEST_POSTGRES_BIN,
    ...versions.map((version) => join(VERSIONS, version, 'bin')),
    told,
  ];
  return folders.find((folder) => folder && existsSync(join(folder, 'initdb')));
}

/** The server refuses to run as root: then it is `nobody`. @returns {{ uid?: number, gid?: number }} */
function whoRuns() {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = /^nobody:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * @param {string} directory empty, or not there yet
 * @returns {Promise<Postgres>}
 */
export async function startPostgres(directory) {
  const bin = binFolder();
  if (!bin) throw new Error('there is no PostgreSQL server: apt-get install postgresql');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const who = whoRuns();
  if (who.uid !== undefined && who.gid !== undefined) chownSync(directory, who.uid, who.gid);
  const options = ['-D', directory, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
  const { status, stderr } = spawnSync(join(bin, 'initdb'), options, { ...who, cwd: '/', encoding: 'utf8' });
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`);
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'shared_buffers=256MB',
    'max_wal_size=2GB',
  ];
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', directory, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...who, cwd: '/', stdio: 'ignore' },
  );
  process.once('exit', () => child.kill('SIGQUIT'));
  const until = Date.now() + START_MS;
  const isReady = () => spawnSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0;
  while (!isReady()) {
    if (Date.now() > until || child.exitCode !== null) throw new Error('PostgreSQL did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  /** @param {string} name */
  const urlOf = (name) => `postgresql://postgres@127.0.0.1:${port}/${name}`;
  return {
    url: urlOf('postgres'),
    database: async (name) => {
      await runOn(urlOf('postgres'), [[`CREATE DATABASE ${pg.escapeIdentifier(name)}`]]);
      return urlOf(name);
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGINT');
      }),
  };
}
