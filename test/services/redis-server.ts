// A Redis of the test's own: on a free port, with nothing kept, ended by its process.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild } from './end-child.js';

const START_MS = 10_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

export class RedisServer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'turnpike-redis-'));
  private child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  /** @throws when redis-server is not installed, or does not start */
  static async start(): Promise<RedisServer> {
    if (spawnSync('redis-server', ['--version']).error)
      throw new Error('These tests need redis-server: apt-get install redis-server (macOS: brew install redis).');
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  /** Starts it, empty. */
  async start(): Promise<void> {
    const child = spawn(
      'redis-server',
      ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.folder],
      { stdio: 'ignore' },
    );
    this.child = child;
    running.add(child);
    child.on('exit', () => running.delete(child));
    for (const until = Date.now() + START_MS; !(await this.listens());) {
      if (Date.now() > until || child.exitCode !== null) throw new Error('redis-server did not start.');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      const answer = (isListening: boolean): void => {
        socket.destroy();
        resolve(isListening);
      };
      socket.once('connect', () => answer(true)).once('error', () => answer(false));
    });
  }

  /** It stands still, with its connections open; `false`: it goes on. */
  freeze(isFrozen: boolean): Promise<void> {
    this.child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT');
    return Promise.resolve();
  }

  /** Ends it and forgets what it knew. */
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
