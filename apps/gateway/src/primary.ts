// Owns the workers: starts them, replaces them, and holds what no single one of them knows.
import type { GatewayConfig } from '@turnpike/config';
import { MetricsSum, type MetricDump } from '@turnpike/telemetry';
import cluster, { type Worker } from 'node:cluster';
import type { FromPrimary, FromWorker } from './channel.js';

/** A worker that is silent this long is left out of one reading of the metrics. */
const COLLECT_MS = 1_000;
/** A worker that dies at once is not started again at once. */
const MIN_RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
/** One that lived this long has proved that it can. */
const HEALTHY_AFTER_MS = 30_000;

interface Known {
  worker: Worker;
  startedAt: number;
  lastDump: MetricDump[];
  isListening: boolean;
  /** It has served its time, and another takes its place. */
  isRetiring: boolean;
  /** The worker that goes when this one listens. */
  replaces: Known | undefined;
}

interface Collection {
  dumps: MetricDump[][];
  waiting: Set<number>;
  done: () => void;
}

export class Primary {
  private readonly workers = new Map<number, Known>();
  private readonly metrics = new MetricsSum();
  private readonly collections = new Map<number, Collection>();
  private nextCollection = 0;
  private restartMs = MIN_RESTART_MS;
  private hasPage = false;
  private isStopping = false;

  constructor(private readonly config: GatewayConfig) {}

  run(): void {
    cluster.setupPrimary({ silent: false });
    for (let index = 0; index < this.config.server.numWorkers; index += 1) this.fork();
    process.on('SIGTERM', () => this.stop());
    process.on('SIGINT', () => this.stop());
    process.on('SIGHUP', () => this.broadcast({ type: 'reload' }));
  }

  private fork(replaces?: Known): void {
    const worker = cluster.fork();
    const startedAt = Date.now();
    const known: Known = { worker, startedAt, lastDump: [], isListening: false, isRetiring: false, replaces };
    this.workers.set(worker.id, known);
    worker.on('message', (message: FromWorker) => this.heard(known, message));
    worker.on('exit', () => this.ended(known));
  }

  private heard(known: Known, message: FromWorker): void {
    switch (message.type) {
      case 'listening':
        this.listens(known);
        if (!this.hasPage && [...this.workers.values()].every((one) => one.isListening)) {
          this.hasPage = true;
          process.stdout.write(message.page);
        }
        break;
      case 'failed':
        this.giveUp(message.message);
        break;
      case 'metrics-dump':
        known.lastDump = message.dump;
        if (message.request !== undefined) this.collected(message.request, known.worker.id, message.dump);
        break;
      case 'metrics-wanted':
        void this.collect().then((text) =>
          this.tell(known.worker, { type: 'metrics-text', request: message.request, text }),
        );
        break;
      case 'state':
        for (const other of this.workers.values()) if (other !== known) this.tell(other.worker, message);
        break;
      case 'retiring':
        this.replace(known);
        break;
    }
  }

  /** Its successor listens before it stops, so that no request finds a closed door. */
  private replace(known: Known): void {
    if (this.isStopping || known.isRetiring) return;
    known.isRetiring = true;
    this.fork(known);
  }

  private listens(known: Known): void {
    known.isListening = true;
    if (known.replaces) this.tell(known.replaces.worker, { type: 'drain' });
    known.replaces = undefined;
  }

  private ended(known: Known): void {
    this.workers.delete(known.worker.id);
    this.metrics.retain(known.worker.id, known.lastDump);
    for (const id of this.collections.keys()) this.collected(id, known.worker.id, []);
    if (this.isStopping) {
      if (this.workers.size === 0) process.exit(process.exitCode ?? 0);
      return;
    }
    // A worker that retires has its successor already.
    if (known.isRetiring) return;
    const lived = Date.now() - known.startedAt;
    this.restartMs = lived > HEALTHY_AFTER_MS ? MIN_RESTART_MS : Math.min(this.restartMs * 2, MAX_RESTART_MS);
    setTimeout(() => {
      if (!this.isStopping) this.fork(known.replaces);
    }, this.restartMs);
  }

  /** All workers' metrics as one text, with what ended workers had counted. */
  private collect(): Promise<string> {
    const id = (this.nextCollection += 1);
    return new Promise((resolve) => {
      const collection: Collection = {
        dumps: [],
        waiting: new Set(this.workers.keys()),
        done: () => {
          if (!this.collections.delete(id)) return;
          clearTimeout(timer);
          resolve(this.metrics.merge(collection.dumps));
        },
      };
      const timer = setTimeout(() => collection.done(), COLLECT_MS);
      this.collections.set(id, collection);
      this.broadcast({ type: 'metrics-collect', request: id });
    });
  }

  private collected(id: number, workerId: number, dump: MetricDump[]): void {
    const collection = this.collections.get(id);
    if (!collection?.waiting.delete(workerId)) return;
    if (dump.length > 0) collection.dumps.push(dump);
    if (collection.waiting.size === 0) collection.done();
  }

  private stop(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    this.broadcast({ type: 'drain' });
    setTimeout(() => {
      for (const { worker } of this.workers.values()) worker.process.kill('SIGKILL');
      process.exit(process.exitCode ?? 0);
    }, this.config.server.drainMs + 5_000).unref();
  }

  /**
   * What stops one worker from starting stops them all. Once all have served, one that cannot start again is tried
   * again later: the file was changed meanwhile, and those that serve read it long ago.
   */
  private giveUp(message: string): void {
    if (this.isStopping) return;
    process.stderr.write(`${message}\n`);
    if (this.hasPage) return;
    this.isStopping = true;
    process.exitCode = 1;
    for (const { worker } of this.workers.values()) worker.process.kill('SIGKILL');
    if (this.workers.size === 0) process.exit(1);
  }

  private broadcast(message: FromPrimary): void {
    for (const { worker } of this.workers.values()) this.tell(worker, message);
  }

  private tell(worker: Worker, message: FromPrimary): void {
    if (worker.isConnected()) worker.send(message);
  }
}
