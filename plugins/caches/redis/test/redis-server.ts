// Redis servers of the tests' own: on free ports, in folders of their own, ended by their processes.
import { Redis, type RedisOptions } from 'ioredis';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HOST = '127.0.0.1';
const DEADLINE_MS = 15_000;

/** Another than the one that is installed: vector sets come with Redis 8. */
const PROGRAM = process.env['TURNPIKE_TEST_REDIS_SERVER'] ?? 'redis-server';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is true; an error counts as false. */
export const eventually = async (ask: () => Promise<boolean> | boolean, ms = DEADLINE_MS): Promise<void> => {
  const until = Date.now() + ms;
  const isSo = async (): Promise<boolean> => {
    try {
      return await ask();
    } catch {
      return false;
    }
  };
  while (!(await isSo())) {
    if (Date.now() > until) throw new Error(`Not within ${ms} ms: ${String(ask)}`);
    await sleep(20);
  }
};

export interface ServerOptions {
  /** A free one by default. */
  readonly port?: number;
  /** More lines of its configuration: `requirepass secret`. */
  readonly lines?: readonly string[];
  readonly isSentinel?: boolean;
  /** TLS and nothing else, with a certificate for 127.0.0.1 that vouches for itself: `certificate.pem` in its folder. */
  readonly isTls?: boolean;
  /** How the tests reach it, where that takes more than a port. */
  readonly client?: RedisOptions;
}

export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'turnpike-redis-'));
  /** For the tests' own commands. */
  readonly admin: Redis;
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly options: ServerOptions,
  ) {
    const tls = options.isTls && { tls: { rejectUnauthorized: false } };
    this.admin = new Redis({
      host: HOST,
      port,
      lazyConnect: true,
      retryStrategy: () => 20,
      maxRetriesPerRequest: 100,
      ...tls,
      ...options.client,
    });
    this.admin.on('error', () => undefined);
  }

  /** @throws when redis-server is not installed, or does not start */
  static async start(options: ServerOptions = {}): Promise<RedisServer> {
    if (spawnSync(PROGRAM, ['--version']).error)
      throw new Error('These tests need redis-server: apt-get install redis-server (macOS: brew install redis).');
    const server = new RedisServer(options.port ?? (await freePort()), options);
    if (options.isTls) server.makeCertificate();
    await server.start();
    return server;
  }

  get certificateFile(): string {
    return join(this.folder, 'certificate.pem');
  }

  private get keyFile(): string {
    return join(this.folder, 'key.pem');
  }

  private makeCertificate(): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.keyFile];
    const subject = ['-subj', '/CN=turnpike test', '-addext', `subjectAltName=IP:${HOST}`];
    const made = ['-days', '2', '-out', this.certificateFile];
    execFileSync('openssl', ['req', '-x509', ...key, ...subject, ...made], { stdio: 'ignore' });
  }

  private get ports(): string[] {
    if (!this.options.isTls) return [`port ${this.port}`];
    const files = [`tls-cert-file ${this.certificateFile}`, `tls-key-file ${this.keyFile}`];
    return ['port 0', `tls-port ${this.port}`, ...files, 'tls-auth-clients no'];
  }

  /** Starts it again, empty. */
  async start(): Promise<void> {
    const { lines = [], isSentinel } = this.options;
    const file = join(this.folder, 'redis.conf');
    const nothingKept = isSentinel ? [] : ['save ""', 'appendonly no'];
    const all = [...this.ports, `bind ${HOST}`, `dir ${this.folder}`, ...nothingKept, ...lines];
    writeFileSync(file, all.join('\n'));
    const child = spawn(PROGRAM, isSentinel ? [file, '--sentinel'] : [file], { stdio: 'ignore' });
    this.child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    if (this.admin.status === 'wait') await this.admin.connect().catch(() => undefined);
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error('redis-server did not start.');
      await this.admin.ping();
      return true;
    });
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** It stands still, with its connections open; `false`: it goes on. */
  freeze(isFrozen: boolean): void {
    this.child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Ends it; what it held is lost. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    this.admin.disconnect();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A cluster of so many masters, all slots given out. */
export const startCluster = async (size: number): Promise<RedisServer[]> => {
  const ports = await Promise.all(Array.from({ length: size }, freePort));
  const lines = (bus: number): string[] => ['cluster-enabled yes', `cluster-port ${bus}`, 'cluster-node-timeout 2000'];
  const servers = await Promise.all(ports.map((bus) => RedisServer.start({ lines: lines(bus) })));
  const [first] = servers as [RedisServer];
  const share = Math.ceil(16_384 / size);
  for (const [index, { admin, port }] of servers.entries()) {
    const end = Math.min((index + 1) * share, 16_384) - 1;
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(end));
    if (index > 0) await first.admin.call('CLUSTER', 'MEET', HOST, String(port), String(ports[index]));
  }
  for (const { admin } of servers)
    await eventually(async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
  return servers;
};

/** A sentinel that watches a master called `main`, with a quorum of its own. */
export const startSentinel = (master: RedisServer, options: ServerOptions = {}): Promise<RedisServer> =>
  RedisServer.start({
    ...options,
    isSentinel: true,
    lines: [
      `sentinel monitor main ${HOST} ${master.port} 1`,
      'sentinel down-after-milliseconds main 300',
      'sentinel failover-timeout main 2000',
      ...(options.lines ?? []),
    ],
  });
