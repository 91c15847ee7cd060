// A PgBouncer of the test's own in front of a PostgreSQL, lending connections for one transaction at a time.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresServer } from './postgres.js';
import { freePort } from './redis-server.js';
import { endChild } from './end-child.js';

const START_MS = 10_000;
/** Debian has it where only administrators' shells look. */
const PROGRAM = ['/usr/sbin/pgbouncer', '/usr/local/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'].find(existsSync);

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class PgBouncer {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  /** @throws when it is not installed, or does not start */
  static async start(server: PostgresServer, { connections }: { connections: number }): Promise<PgBouncer> {
    if (!PROGRAM)
      throw new Error('These tests need PgBouncer: apt-get install pgbouncer (macOS: brew install pgbouncer).');
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-pgbouncer-'));
    chmodSync(folder, 0o755);
    const port = await freePort();
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: 'transaction',
      max_client_conn: 200,
      default_pool_size: connections,
      ignore_startup_parameters: 'extra_float_digits,application_name',
      // It refuses to run as root.
      ...(process.getuid?.() === 0 && { user: 'nobody' }),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    const databases = `[databases]\n* = host=127.0.0.1 port=${server.port} user=postgres`;
    writeFileSync(join(folder, 'pgbouncer.ini'), `${databases}\n[pgbouncer]\n${lines.join('\n')}\n`, { mode: 0o644 });
    const bouncer = new PgBouncer(folder, port);
    await bouncer.start();
    return bouncer;
  }

  async start(): Promise<void> {
    const child = spawn(PROGRAM!, ['-q', join(this.folder, 'pgbouncer.ini')], { stdio: 'ignore' });
    this.child = child;
    running.add(child);
    child.on('exit', () => running.delete(child));
    for (const until = Date.now() + START_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const client = new Client({ connectionString: this.url('postgres') });
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (Date.now() > until || child.exitCode !== null)
          throw new Error('PgBouncer did not start.', { cause: error });
      }
    }
  }

  url(database: string): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** Cuts all connections. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await endChild(child, 'SIGKILL');
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
