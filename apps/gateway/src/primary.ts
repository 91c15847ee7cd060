// Owns the workers: starts them, replaces them, and holds what no single one of them knows.
import type { GatewayConfig } from '@turnpike/config';
import { Distributor } from '@turnpike/limits';
import { MetricsSum } from '@turnpike/telemetry';
import cluster, { type Worker } from 'node:cluster';
import { PLACE, type FromPrimary, type FromWorker } from './channel.js';
import { FrontDoor } from './front-door.js';
import { summedTables } from './metrics/exposed-tables.js';
import { PrimaryMetrics } from './metrics/primary-metrics.js';
import { steadyNow } from './runtime/clock.js';
import { joinMachines, type Machines } from './runtime/machines.js';
import type { CallRecord } from './runtime/recent-calls.js';
import { describeFailure } from './start-failure.js';
import { Surveys } from './survey.js';

/** What a worker that is silent this long has counted is in the next reading of the metrics. */
const COLLECT_MS = 1_000;
/** A worker that dies at once is not started again at once. */
const MIN_RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
/** One that lived this long has proved that it can. */
const HEALTHY_AFTER_MS = 30_000;

interface Known {
  worker: Worker;
  /** Among all workers: whose turn it is where one of them goes first. */
  place: number;
  startedAt: number;
  isListening: boolean;
  /** It has served its time, and another takes its place. */
  isRetiring: boolean;
  /** The worker that goes when this one listens. */
  replaces: Known | undefined;
}

export class Primary {
  private readonly workers = new Map<number, Known>();
  private readonly door = new FrontDoor();
  /** The port, once the door is open. */
  private opened: Promise<number> | undefined;
  private readonly metrics: MetricsSum;
  private readonly own = new PrimaryMetrics(() => this.workers.size);
  private readonly dumps = new Surveys<true>(COLLECT_MS);
  private readonly records = new Surveys<CallRecord>(COLLECT_MS);
  private readonly forgotten = new Surveys<true>(COLLECT_MS);
  private limits = new Distributor({ now: steadyNow });
  private machines: Machines | undefined;
  private onDuty: Known | undefined;
  private restartMs = MIN_RESTART_MS;
  private hasPage = false;
  private isStopping = false;

  constructor(private readonly config: GatewayConfig) {
    this.metrics = new MetricsSum(summedTables(config.metrics), { idleMs: config.metrics.idleMs });
  }

  /** Meets the other machines of the installation, where there are any. */
  async join(): Promise<void> {
    this.machines = await joinMachines(
      this.config.redis,
      steadyNow,
      {
        learn: (from, reports) => this.broadcast({ type: 'routing', from, reports }),
        forget: (from) => this.broadcast({ type: 'routing-gone', from }),
      },
      this.own.redis,
    );
    if (this.machines) this.limits = new Distributor({ now: steadyNow, authority: this.machines.authority });
  }

  run(): void {
    cluster.setupPrimary({ silent: false });
    for (let index = 0; index < this.config.server.numWorkers; index += 1) this.fork();
    process.on('SIGTERM', () => this.stop());
    process.on('SIGINT', () => this.stop());
    process.on('SIGHUP', () => this.broadcast({ type: 'reload' }));
  }

  private fork(replaces?: Known): void {
    const place = this.freePlace();
    const worker = cluster.fork({ [PLACE]: String(place) });
    const startedAt = Date.now();
    const known: Known = { worker, place, startedAt, isListening: false, isRetiring: false, replaces };
    this.workers.set(worker.id, known);
    this.limits.connect(String(worker.id), (message) => this.tell(worker, { type: 'limits', message }));
    worker.on('message', (message: FromWorker) => this.heard(known, message));
    worker.on('exit', (code, signal) => {
      this.own.workerEnded(code, signal, this.isStopping || known.isRetiring);
      this.ended(known);
    });
  }

  private freePlace(): number {
    const taken = new Set([...this.workers.values()].map(({ place }) => place));
    let place = 0;
    while (taken.has(place)) place += 1;
    return place;
  }

  private heard(known: Known, message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        void this.welcome(known);
        break;
      case 'took':
        this.door.took(known.worker);
        break;
      case 'leaving':
        this.door.dismiss(known.worker);
        break;
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
        this.metrics.add(known.worker.id, message.dump);
        if (message.request !== undefined) this.dumps.heard(message.request, known.worker.id, true);
        break;
      case 'metrics-wanted':
        void this.collect().then((text) =>
          this.tell(known.worker, { type: 'metrics-text', request: message.request, text }),
        );
        break;
      case 'call-wanted':
        void this.findCall(message.callId).then((record) =>
          this.tell(known.worker, { type: 'call-found', request: message.request, record }),
        );
        break;
      case 'call-told':
        this.records.heard(message.request, known.worker.id, message.record);
        break;
      case 'state':
        this.tellOthers(known, message);
        break;
      case 'cache-forget-wanted':
        void this.othersForget(known, message.keys).then(() =>
          this.tell(known.worker, { type: 'cache-forgot', request: message.request }),
        );
        break;
      case 'cache-forgotten':
        this.forgotten.heard(message.request, known.worker.id, true);
        break;
      case 'routing':
        this.tellOthers(known, { ...message, from: String(known.worker.id) });
        this.machines?.bus.tell(String(known.worker.id), message.reports);
        break;
      case 'limits':
        this.limits.receive(String(known.worker.id), message.message);
        break;
      case 'retiring':
        this.replace(known);
        break;
    }
  }

  /** The first worker that can serve opens the door for all of them. */
  private async welcome({ worker }: Known): Promise<void> {
    const { host, port } = this.config.server;
    try {
      this.opened ??= this.door.open(host, port);
      this.tell(worker, { type: 'serve', port: await this.opened });
    } catch (error) {
      this.giveUp(describeFailure(error));
      return;
    }
    if (worker.isConnected()) this.door.admit(worker);
  }

  /** Its successor serves before it stops, so that no request finds a closed door. */
  private replace(known: Known): void {
    if (this.isStopping || known.isRetiring) return;
    known.isRetiring = true;
    this.fork(known);
  }

  private listens(known: Known): void {
    known.isListening = true;
    this.giveDuty();
    this.tellOthers(known, { type: 'routing-wanted' });
    const former = known.replaces?.worker;
    known.replaces = undefined;
    if (!former) return;
    this.door.dismiss(former);
    this.tell(former, { type: 'retire' });
  }

  /** One of those that serve, and stay, does what is done once for all. */
  private giveDuty(): void {
    const { onDuty } = this;
    if (this.isStopping || (onDuty && this.workers.has(onDuty.worker.id) && !onDuty.isRetiring)) return;
    const next = [...this.workers.values()].find((one) => one.isListening && !one.isRetiring);
    if (!next) return;
    this.onDuty = next;
    this.tell(next.worker, { type: 'duty' });
  }

  private ended(known: Known): void {
    this.workers.delete(known.worker.id);
    this.giveDuty();
    this.door.lost(known.worker);
    this.metrics.gone(known.worker.id);
    this.dumps.gone(known.worker.id);
    this.records.gone(known.worker.id);
    this.forgotten.gone(known.worker.id);
    this.broadcast({ type: 'routing-gone', from: String(known.worker.id) });
    this.machines?.bus.gone(String(known.worker.id));
    this.limits.holderGone(String(known.worker.id));
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
  private async collect(): Promise<string> {
    await this.dumps.ask(this.workers.keys(), (request) => this.broadcast({ type: 'metrics-collect', request }));
    this.metrics.add('primary', this.own.everything());
    return this.metrics.text();
  }

  private async findCall(callId: string): Promise<CallRecord | undefined> {
    const found = await this.records.ask(this.workers.keys(), (request) =>
      this.broadcast({ type: 'call-asked', request, callId }),
    );
    // A client may send one id twice, to two workers: the newer call is meant.
    return found.sort((left, right) => right.startedAt - left.startedAt)[0];
  }

  private othersForget(known: Known, keys: readonly string[] | undefined): Promise<true[]> {
    const others = [...this.workers.keys()].filter((id) => id !== known.worker.id);
    return this.forgotten.ask(others, (request) => this.tellOthers(known, { type: 'cache-forget', request, keys }));
  }

  private stop(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    // What was let in before comes to its worker before the word to drain.
    this.door.shut();
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

  private tellOthers(known: Known, message: FromPrimary): void {
    for (const other of this.workers.values()) if (other !== known) this.tell(other.worker, message);
  }

  private broadcast(message: FromPrimary): void {
    for (const { worker } of this.workers.values()) this.tell(worker, message);
  }

  private tell(worker: Worker, message: FromPrimary): void {
    // One that dies meanwhile needs to be told nothing.
    if (worker.isConnected()) worker.send(message, () => undefined);
  }
}
