// An OpenTelemetry collector of the test's own, on a free port, which hands on what it has read.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Collector } from './collector.js';
import { freePort } from './redis-server.js';

const START_MS = 30_000;
const HEARD_MS = 10_000;

const [, version] = /^dist:.*version: ([\d.]+)/m.exec(
  readFileSync(fileURLToPath(new URL('otelcol.builder.yaml', import.meta.url)), 'utf8'),
)!;
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const program = process.env['TURNPIKE_TEST_OTELCOL'] ?? join(cache, 'turnpike-tests', `otelcol-${version}`);

/** False: `test/services/otelcol-install.sh` was not run, or failed. */
export const isOtelcolInstalled = existsSync(program);

type Json = ReturnType<typeof JSON.parse>;

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Otelcol {
  private constructor(
    /** Takes OTLP over HTTP. */
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly sink: Collector,
  ) {}

  /** @throws when it does not start */
  static async start(): Promise<Otelcol> {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-otelcol-'));
    const sink = await Collector.start();
    const endpoint = `127.0.0.1:${await freePort()}`;
    const exporter = 'otlp_http';
    const config = {
      receivers: { otlp: { protocols: { http: { endpoint } } } },
      exporters: { [exporter]: { endpoint: sink.url, encoding: 'json', compression: 'none' } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: {
          traces: { receivers: ['otlp'], exporters: [exporter] },
          metrics: { receivers: ['otlp'], exporters: [exporter] },
        },
      },
    };
    const file = join(folder, 'config.yaml');
    // JSON is YAML too.
    writeFileSync(file, JSON.stringify(config));
    const child = spawn(program, ['--config', file], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    running.add(child);
    const server = new Otelcol(`http://${endpoint}`, child, folder, sink);
    for (const until = Date.now() + START_MS; !(await server.isUp());) {
      if (Date.now() > until || child.exitCode !== null) throw new Error(`The collector did not start.\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return server;
  }

  /** The next thing of this kind that it has read. */
  async heard(kind: 'traces' | 'metrics'): Promise<Json> {
    for (
      const until = Date.now() + HEARD_MS;
      Date.now() < until;
      await new Promise((resolve) => setTimeout(resolve, 20))
    ) {
      const at = this.sink.requests.findIndex(({ path }) => path === `/v1/${kind}`);
      if (at !== -1) return JSON.parse(this.sink.requests.splice(at, 1)[0]!.body.toString('utf8'));
    }
    throw new Error(`The collector heard of no ${kind}.`);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
    running.delete(this.child);
    await this.sink.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isUp(): Promise<boolean> {
    try {
      // It answers whatever it is asked.
      await fetch(this.url, { signal: AbortSignal.timeout(1_000) });
      return true;
    } catch {
      return false;
    }
  }
}
