// The ledger as a process, for specs: started as the command line starts it, with a client of its own.
import { connectLedger, type LedgerClient } from '@turnpike/rpc';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aDataDir } from './databases.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const READY_MS = 30_000;

export const MASTER_KEY = 'sk-master-of-the-spec';
export const GATEWAY_TOKEN = 'gateway-token-of-the-spec';

export interface LedgerProcessOptions {
  databaseUrl?: string;
  /** Of a configuration file: YAML. */
  config?: string;
  env?: Readonly<Record<string, string>>;
}

export class LedgerProcess {
  private output = '';
  private readonly clients: LedgerClient[] = [];

  private constructor(
    readonly child: ChildProcess,
    readonly dataDir: string,
    private readonly remove: () => void,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes: Buffer) => (this.output += String(bytes)));
  }

  /** Resolves when it is ready, or has ended. */
  static async start({ databaseUrl, config = '', env = {} }: LedgerProcessOptions = {}): Promise<LedgerProcess> {
    const { dataDir, remove } = aDataDir();
    const configFile = join(dataDir, 'config.yaml');
    writeFileSync(configFile, `general_settings:\n  master_key: ${MASTER_KEY}\n${config}`);
    const start = { configFile, flags: { dataDir, grpcAddress: 'off' }, embedded: { token: GATEWAY_TOKEN } };
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [MAIN], {
      cwd: dataDir,
      env: {
        PATH,
        HOME,
        // Beside a gateway a good start is told at this level only.
        LITELLM_LOG: 'DEBUG',
        TURNPIKE_LEDGER_START: JSON.stringify(start),
        ...(databaseUrl && { DATABASE_URL: databaseUrl }),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ledger = new LedgerProcess(child, dataDir, remove);
    try {
      await ledger.said('The ledger is ready.');
    } catch (error) {
      await ledger.end('SIGKILL');
      throw error;
    }
    return ledger;
  }

  /** All that it wrote. */
  get log(): string {
    return this.output;
  }

  get address(): string {
    return `unix:${join(this.dataDir, 'ledger.sock')}`;
  }

  connect(token: string): LedgerClient {
    const client = connectLedger({ address: this.address, token });
    this.clients.push(client);
    return client;
  }

  async said(text: string): Promise<void> {
    for (const until = Date.now() + READY_MS; !this.output.includes(text);) {
      if (this.child.exitCode !== null) return;
      if (Date.now() > until) throw new Error(`The ledger did not say '${text}': ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** @returns its exit code */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    for (const client of this.clients) client.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill(signal);
      await ended;
    }
    this.remove();
    return this.child.exitCode;
  }
}
