// A PostgreSQL of the test's own: in a temporary folder, on a free port, ended with its process.
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from './redis-server.js';
import { endChild } from './end-child.js';

const START_MS = 30_000;
const MISSING =
  'These tests need a PostgreSQL server: apt-get install postgresql (macOS: brew install postgresql). ' +
  'Its programs are looked for by pg_config, or in the folder that TURNPIKE_TEST_POSTGRES_BIN names.';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGQUIT');
});

/** Debian keeps the server's programs off the PATH, one folder a version. */
const binFolder = (): string => {
  const versions = '/usr/lib/postgresql';
  const newest = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : [];
  const told = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  const folders = [
    process.env['TURNPIKE_TEST_POSTGRES_BIN'],
    ...newest.map((version) => join(versions, version, 'bin')),
    told.status === 0 ? told.stdout.trim() : undefined,
  ];
  const found = folders.find((folder) => folder && existsSync(join(folder, 'initdb')));
  if (!found) throw new Error(MISSING);
  return found;
};

/** The server refuses to run as root: then it is `nobody`. */
const whoRuns = (): Pick<SpawnOptions, 'uid' | 'gid'> => {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = /^nobody:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))![0].split(':');
  return { uid: Number(uid), gid: Number(gid) };
};

/** Durability costs time and is of no use to a folder that goes away. */
const SETTINGS = [
  ['listen_addresses', '127.0.0.1'],
  ['unix_socket_directories', ''],
  ['fsync', 'off'],
  ['synchronous_commit', 'off'],
  ['full_page_writes', 'off'],
  ['shared_buffers', '32MB'],
  ['max_connections', '200'],
].flatMap(([name, value]) => ['-c', `${name}=${value}`]);

export class PostgresServer {
  private child: ChildProcess | undefined;
  private databases = 0;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly bin: string,
  ) {}

  /** @throws when PostgreSQL is not installed, or does not start */
  static async start(): Promise<PostgresServer> {
    const bin = binFolder();
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-postgres-'));
    const who = whoRuns();
    if (who.uid !== undefined) chownSync(folder, who.uid, who.gid!);
    const made = spawnSync(
      join(bin, 'initdb'),
      ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'],
      { ...who, cwd: folder, encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || String(made.error)}`);
    const server = new PostgresServer(folder, await freePort(), bin);
    await server.start();
    return server;
  }

  /** Goes on with what it had. */
  async start(): Promise<void> {
    const child = spawn(join(this.bin, 'postgres'), ['-D', this.folder, '-p', String(this.port), ...SETTINGS], {
      ...whoRuns(),
      cwd: this.folder,
      stdio: 'ignore',
    });
    this.child = child;
    running.add(child);
    child.on('exit', () => running.delete(child));
    for (const until = Date.now() + START_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (Date.now() > until || child.exitCode !== null)
          throw new Error('PostgreSQL did not start.', { cause: error });
      }
    }
  }

  /** As its administrator, unless `user` says otherwise; nobody needs a password. */
  url(database = 'postgres', user = 'postgres'): string {
    return `postgresql://${user}@127.0.0.1:${this.port}/${database}`;
  }

  /** One statement, on a connection of its own. */
  async query<Row extends object = Record<string, unknown>>(sql: string, database = 'postgres'): Promise<Row[]> {
    const client = new Client({ connectionString: this.url(database) });
    try {
      await client.connect();
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** A fresh one. @returns its address */
  async createDatabase(): Promise<string> {
    this.databases += 1;
    const name = `test_${process.pid}_${this.databases}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  /** `fast`: connections are cut, what is committed is written. `crash`: as after a kill. */
  async stop(how: 'fast' | 'crash' = 'fast'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endChild(child, how === 'fast' ? 'SIGINT' : 'SIGQUIT');
  }

  async restart(how: 'fast' | 'crash' = 'fast'): Promise<void> {
    await this.stop(how);
    await this.start();
  }

  async remove(): Promise<void> {
    await this.stop('crash');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
