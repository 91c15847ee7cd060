// What the machines of an installation tell each other of deployments, through Redis. Best effort: a word that is lost
// is followed by another, and limits, which must hold, have a way of their own.
import { redisClient, type RedisAddress } from '@turnpike/limits/redis';
import type { DeploymentReport } from '@turnpike/router';
import { randomUUID } from 'node:crypto';

const CHANNEL = 'turnpike:routing';
const ALIVE_EVERY_MS = 2_000;
/** A machine that is silent this long is gone, and its calls with it. */
const GONE_AFTER_MS = 7_000;

type Word =
  | {
      readonly machine: string;
      readonly type: 'reports';
      readonly worker: string;
      readonly reports: DeploymentReport[];
    }
  | { readonly machine: string; readonly type: 'gone'; readonly worker: string }
  | { readonly machine: string; readonly type: 'alive' };

/** Hears what other machines' workers learned; a worker is named by its machine and its number there. */
export interface RoutingListener {
  learn(from: string, reports: readonly DeploymentReport[]): void;
  forget(from: string): void;
}

interface Machine {
  heardAt: number;
  readonly workers: Set<string>;
}

type Client = ReturnType<typeof redisClient>;

export class RoutingBus {
  private readonly machine = randomUUID();
  private readonly others = new Map<string, Machine>();
  private readonly publisher: Client;
  private readonly subscriber: Client;
  private readonly heartbeat: NodeJS.Timeout;

  constructor(
    address: RedisAddress,
    private readonly listener: RoutingListener,
  ) {
    this.publisher = redisClient(address);
    this.subscriber = redisClient(address);
    for (const client of [this.publisher, this.subscriber]) {
      // Who keeps the limits says that Redis is away; once is enough.
      client.on('error', () => undefined);
      client.connect().catch(() => undefined);
    }
    this.subscriber.on('ready', () => void this.subscriber.subscribe(CHANNEL).catch(() => undefined));
    this.subscriber.on('message', (_channel, text) => this.heard(JSON.parse(text) as Word));
    this.heartbeat = setInterval(() => this.beat(), ALIVE_EVERY_MS).unref();
  }

  /** What a worker of this machine learned. */
  tell(worker: string, reports: DeploymentReport[]): void {
    this.publish({ machine: this.machine, type: 'reports', worker, reports });
  }

  /** A worker of this machine is gone. */
  gone(worker: string): void {
    this.publish({ machine: this.machine, type: 'gone', worker });
  }

  close(): void {
    clearInterval(this.heartbeat);
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private publish(word: Word): void {
    if (this.publisher.status === 'ready') this.publisher.publish(CHANNEL, JSON.stringify(word)).catch(() => undefined);
  }

  private heard(word: Word): void {
    const { machine } = word;
    if (machine === this.machine) return;
    let other = this.others.get(machine);
    if (!other) this.others.set(machine, (other = { heardAt: 0, workers: new Set() }));
    other.heardAt = performance.now();
    if (word.type === 'alive') return;
    const from = `${machine}/${word.worker}`;
    if (word.type === 'reports') {
      other.workers.add(from);
      this.listener.learn(from, word.reports);
    } else {
      other.workers.delete(from);
      this.listener.forget(from);
    }
  }

  private beat(): void {
    this.publish({ machine: this.machine, type: 'alive' });
    const oldest = performance.now() - GONE_AFTER_MS;
    for (const [name, { heardAt, workers }] of this.others) {
      if (heardAt > oldest) continue;
      this.others.delete(name);
      for (const from of workers) this.listener.forget(from);
    }
  }
}
