// An MLflow tracking server of the test's own: in a temporary folder, on a free port, ended with its process.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './redis-server.js';

/** It imports half of Python, on a machine that may have other things to do. */
const START_MS = 120_000;

const version = /^mlflow-skinny==(\S+)/m.exec(
  readFileSync(fileURLToPath(new URL('./mlflow.requirements.txt', import.meta.url)), 'utf8'),
)![1]!;
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const python = join(
  process.env['TURNPIKE_TEST_MLFLOW'] ?? join(cache, 'turnpike-tests', `mlflow-${version}`),
  'bin',
  'python',
);

/** False: `test/services/mlflow-install.sh` was not run, or failed. */
export const isMlflowInstalled = existsSync(python);

const running = new Set<ChildProcess>();
/** Its workers are processes of their own. */
const kill = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
};
process.once('exit', () => running.forEach(kill));

type Json = ReturnType<typeof JSON.parse>;

export class MlflowServer {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @throws when it does not start */
  static async start(): Promise<MlflowServer> {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-mlflow-'));
    const port = String(await freePort());
    const child = spawn(
      python,
      [
        ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', port, '--workers', '1'],
        ...['--backend-store-uri', 'sqlite:///mlflow.db', '--default-artifact-root', join(folder, 'artifacts')],
      ],
      {
        cwd: folder,
        detached: true,
        stdio: 'ignore',
        env: { PATH: process.env['PATH'], HOME: folder, DO_NOT_TRACK: 'true', MLFLOW_DISABLE_TELEMETRY: 'true' },
      },
    );
    running.add(child);
    const server = new MlflowServer(`http://127.0.0.1:${port}`, child, folder);
    for (const until = Date.now() + START_MS; !(await server.isUp());) {
      if (Date.now() > until || child.exitCode !== null) throw new Error('MLflow did not start.');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return server;
  }

  /** @param path begins after `/api/` */
  async ask(path: string, body?: object): Promise<Json> {
    const answer = await fetch(`${this.url}/api/${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    return JSON.parse(text);
  }

  async experimentId(name: string): Promise<string> {
    const { experiment } = await this.ask(
      `2.0/mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`,
    );
    return experiment.experiment_id;
  }

  /** Of an experiment, with their spans. */
  async traces(experimentId: string): Promise<Json[]> {
    const locations = [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } }];
    const { traces = [] } = await this.ask('3.0/mlflow/traces/search', { locations, max_results: 100 });
    return Promise.all(
      traces.map(async ({ trace_id: id }: Json) => (await this.ask(`3.0/mlflow/traces/get?trace_id=${id}`)).trace),
    );
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    kill(this.child);
    await ended;
    running.delete(this.child);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isUp(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false;
    }
  }
}
