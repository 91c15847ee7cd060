// A Prometheus of the test's own: on a free port, with data of its own, ended by its process.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis-server.js';

const START_MS = 20_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One result of an expression. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Debian's `promtool`. @returns its exit code and what it said */
export const promtool = (args: readonly string[], input?: string): { code: number | null; output: string } => {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error) throw new Error('These tests need Prometheus: apt-get install prometheus.');
  return { code: status, output: stdout + stderr };
};

export class Prometheus {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Scrapes these every second, and evaluates these rules. @throws when prometheus is not installed, or does not start */
  static async start(targets: readonly string[], ruleFiles: readonly string[]): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-prometheus-'));
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: [{ job_name: 'turnpike', static_configs: [{ targets }] }],
    };
    // JSON is YAML too.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    running.add(child);
    child.once('error', (error) => (said += error.message));
    child.once('exit', () => running.delete(child));
    const prometheus = new Prometheus(`http://${address}`, child, folder);
    for (const until = Date.now() + START_MS; !(await prometheus.isReady());) {
      if (Date.now() > until || child.exitCode !== null) throw new Error(`prometheus did not start.\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return prometheus;
  }

  /** @throws what Prometheus says is wrong with the expression */
  async query(expression: string): Promise<Sample[]> {
    const answer = await this.ask('query', { query: expression });
    const { resultType, result } = answer as { resultType: string; result: unknown };
    if (resultType === 'scalar') return [{ labels: {}, value: Number((result as [number, string])[1]) }];
    return (result as { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1]),
    }));
  }

  async ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const told = (await answer.json()) as { status: string; error?: string; data: unknown };
    if (told.status !== 'success') throw new Error(`${parameters['query'] ?? path}: ${told.error}`);
    return told.data;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/-/ready`)).ok;
    } catch {
      return false;
    }
  }
}
