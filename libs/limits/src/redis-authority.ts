// A machine's authority when limits hold across machines: Redis. While Redis is away the machine counts for itself, with
// the whole limits, from what it holds already.
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  byDimension,
  isNothing,
  NOTHING,
  type Amounts,
  type Ask,
  type Authority,
  type AuthorityEvents,
  type Grant,
  type Recall,
  type Return,
} from './authority.js';
import { RecallRounds } from './recall-rounds.js';
import { grantedBy, lacking, type Answer } from './redis-answers.js';
import { toBusMessage, type BusMessage } from './redis-bus.js';
import { RedisLink, type Attempt, type CommandListener, type RedisAddress } from './redis-link.js';
import { parseReply } from './redis-script.js';
import { DIMENSIONS, type LimitRule } from './rule.js';
import { limitIn, WholeAuthority, type Book } from './whole-authority.js';
import { WINDOW_MS } from './window.js';

/** A machine's slots count so long after its last sign of life. */
const LEASE_MS = 10_000;
/** A machine asks its workers before it answers, so it gets longer than one of them. */
const RECALL_MS = 80;
/** Word that there is room may be lost on the way, so nobody waits longer for it. */
const DRY_MS = 1_000;
/** Slices end a little before the minute does for Redis. Whoever asks in between waits for the next. */
const MINUTE_END_MS = 10;
const RECOVER_AT_ONCE = 200;

export interface RedisAuthorityOptions {
  readonly redis: RedisAddress;
  /** The clock of this machine, epoch ms. Windows and leases go by the clock of Redis. */
  readonly now?: () => number;
  /** Length of what rpm and tpm count in, ms. The same on all machines. */
  readonly windowMs?: number;
  readonly leaseMs?: number;
  /** Before every key and channel. */
  readonly prefix?: string;
  readonly onCommand?: CommandListener;
}

export class RedisAuthority implements Authority {
  private readonly machine = randomUUID();
  private readonly local: WholeAuthority;
  private readonly link: RedisLink;
  private readonly rounds = new RecallRounds(RECALL_MS);
  /** Calls about a key go one after the other, so that none speaks of a state that another is changing. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly reports = new Map<string, Promise<unknown>>();
  private readonly now: () => number;
  private readonly windowMs: number;
  private readonly leaseMs: number;
  private readonly prefix: string;
  private readonly heartbeat: NodeJS.Timeout;
  private events: AuthorityEvents | undefined;
  private sequence = 0;

  /** Connects; resolves also when Redis is away, after a second. */
  static async connect(options: RedisAuthorityOptions): Promise<RedisAuthority> {
    const authority = new RedisAuthority(options);
    await authority.link.start();
    return authority;
  }

  private constructor({ redis, now = Date.now, windowMs, leaseMs, prefix, onCommand }: RedisAuthorityOptions) {
    this.now = now;
    this.windowMs = windowMs ?? WINDOW_MS;
    this.leaseMs = leaseMs ?? LEASE_MS;
    this.prefix = prefix ?? 'turnpike:limits:';
    this.local = new WholeAuthority({ now, windowMs: this.windowMs });
    this.link = new RedisLink({
      address: redis,
      channels: [this.bus, this.channelOf(this.machine)],
      onMessage: (message) => this.heard(message),
      recover: (attempt) => this.recover(attempt),
      onChange: (isAway) => this.events?.degraded(isAway),
      onCommand,
    });
    this.heartbeat = setInterval(() => this.renewLeases(), this.leaseMs / 3).unref();
  }

  get isDegraded(): boolean {
    return this.link.isAway;
  }

  /** Why Redis was away the last time, without secrets. */
  get reason(): string | undefined {
    return this.link.reason;
  }

  attach(events: AuthorityEvents): void {
    this.events = events;
  }

  ask(ask: Ask): Grant | Promise<Grant> {
    return this.link.isUp ? this.askRedis(ask) : this.local.ask(ask);
  }

  private async askRedis(ask: Ask): Promise<Grant> {
    const { rule, want, calls } = ask;
    const answers: Answer[] = [];
    const askForRest = async (isFinal: boolean): Promise<Answer | undefined> => {
      const answer = await this.call(rule, lacking(want, answers), calls, isFinal);
      if (answer) answers.push(answer);
      return answer;
    };
    let last = await askForRest(false);
    if (last && last.msLeft <= MINUTE_END_MS && isShortOfMinute(lacking(want, answers))) {
      await sleep(last.msLeft + 1);
      last = await askForRest(false);
    }
    if (last) {
      const { isSpent, holders } = last;
      const short = lacking(want, answers);
      const dimensions = DIMENSIONS.filter((dimension, index) => short[dimension] > 0 && !isSpent[index]);
      if (dimensions.length > 0 && holders.length > 0) {
        await this.recallFrom(holders, { key: rule.key, dimensions, owe: 0 });
        last = await askForRest(true);
      }
    }
    return answers.length > 0 ? this.grantOf(ask, answers) : this.local.ask(ask);
  }

  /** What the answers to an ask come to. When Redis went away in between, the rest can be asked for at once. */
  private grantOf({ rule, want }: Ask, answers: readonly Answer[]): Grant {
    const last = answers.at(-1)!;
    const now = this.now();
    // The script ran after the call was sent, so the minute is not taken for longer than it is.
    const endsAt = last.sentAt + last.msLeft;
    const granted = grantedBy(answers);
    const short = lacking(want, answers);
    if (short.parallel > 0 && last.debtor !== '') this.demandSlot(rule.key, last.debtor);
    const dryUntil = byDimension((dimension) => {
      if (short[dimension] === 0 || !this.link.isUp) return 0;
      return dimension === 'parallel' ? now + DRY_MS : Math.min(endsAt, now + DRY_MS);
    });
    const beyond = byDimension((_dimension, index) => last.beyond[index]!);
    return { key: rule.key, window: last.window, endsAt, granted, beyond, dryUntil };
  }

  /** This machine has too few slots: that one is to hand over its next. */
  private demandSlot(key: string, machine: string): void {
    const recall: Recall = { key, dimensions: ['parallel'], owe: 1 };
    this.publish(this.bus, { type: 'recall', from: this.machine, to: [machine], ...recall });
  }

  /** Resolves when these machines have handed back what they do not use, or took too long. */
  private async recallFrom(machines: readonly string[], recall: Recall): Promise<void> {
    const { id, done } = this.rounds.open(machines);
    this.publish(this.bus, { type: 'recall', from: this.machine, to: machines, id, ...recall });
    await done;
  }

  giveBack(back: Return): void {
    this.local.giveBack(back);
    if (this.link.isUp) void this.report(back.key);
  }

  /** Tells Redis what this machine holds of a key. Several reports that wait are one. */
  private report(key: string): Promise<unknown> {
    let waiting = this.reports.get(key);
    if (!waiting) {
      waiting = this.inTurn(key, () => {
        this.reports.delete(key);
        return this.link.run((redis) => this.send(redis, { key }, NOTHING, 0, false));
      });
      this.reports.set(key, waiting);
    }
    return waiting;
  }

  /** @returns undefined when Redis is away */
  private call(rule: LimitRule, want: Amounts, calls: number, isFinal: boolean): Promise<Answer | undefined> {
    return this.inTurn(rule.key, async () => {
      const sentAt = this.now();
      const reply = await this.link.run((redis) => this.send(redis, rule, want, calls, isFinal));
      const answer = reply && parseReply(reply);
      if (!answer) return undefined;
      const [requests, tokens, parallel] = answer.granted;
      this.local.record(rule.key, answer.window, { requests, tokens, parallel });
      return { ...answer, sentAt };
    });
  }

  private send(redis: Redis, rule: LimitRule, want: Amounts, calls: number, isFinal: boolean): Promise<unknown[]> {
    const held = this.local.held(rule.key);
    return redis.turnpikeSlice(
      `${this.prefix}{${rule.key}}`,
      this.machine,
      ++this.sequence,
      held.window,
      ...DIMENSIONS.map((dimension) => held[dimension]),
      ...DIMENSIONS.map((dimension) => want[dimension]),
      ...DIMENSIONS.map((dimension) => Math.floor(limitIn(rule, dimension) ?? 0)),
      calls,
      isFinal ? 1 : 0,
      this.windowMs,
      this.leaseMs,
      this.bus,
      JSON.stringify({ type: 'room', key: rule.key } satisfies BusMessage),
    );
  }

  private inTurn<T>(key: string, call: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(key) ?? Promise.resolve()).then(call);
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.turns.get(key) === settled) this.turns.delete(key);
      });
    this.turns.set(key, settled);
    return turn;
  }

  private renewLeases(): void {
    if (!this.link.isUp) return;
    for (const [key, { parallel }] of this.local.entries()) if (parallel > 0) void this.report(key);
  }

  /** Redis answers again, and perhaps knows nothing any more: it is told what this machine holds. */
  private async recover(attempt: Attempt): Promise<void> {
    // A write under a key of its own: what only answers may still refuse to write.
    const probe = { key: `probe:${this.machine}`, rpm: 1 };
    await attempt((redis) => this.send(redis, probe, { ...NOTHING, requests: 1 }, 1, false));
    const keys = [...this.local.entries()].flatMap(([key, book]) => (isHeld(book) ? [key] : []));
    for (let at = 0; at < keys.length; at += RECOVER_AT_ONCE)
      await Promise.all(
        keys
          .slice(at, at + RECOVER_AT_ONCE)
          .map((key) => this.inTurn(key, () => attempt((redis) => this.send(redis, { key }, NOTHING, 0, false)))),
      );
  }

  private get bus(): string {
    return `${this.prefix}bus`;
  }

  private channelOf(machine: string): string {
    return `${this.prefix}machine:${machine}`;
  }

  private publish(channel: string, message: BusMessage): void {
    void this.link.run((redis) => redis.publish(channel, JSON.stringify(message)));
  }

  private heard(text: string): void {
    const message = toBusMessage(text);
    switch (message?.type) {
      case 'recall':
        if (message.to.includes(this.machine)) void this.recalled(message);
        break;
      case 'answer':
        this.rounds.answered(message.id, message.from);
        break;
      case 'room':
        this.events?.room(message.key);
        break;
      case undefined:
    }
  }

  private async recalled({ from, id, key, dimensions, owe }: Extract<BusMessage, { type: 'recall' }>): Promise<void> {
    const back = await this.events?.recalled({ key, dimensions, owe });
    if (back && !isNothing(back.amounts)) {
      this.local.giveBack(back);
      await this.report(key);
    }
    if (id !== undefined) this.publish(this.channelOf(from), { type: 'answer', from: this.machine, id });
  }

  /** What was given back before is told to Redis; what calls still hold ends with its lease. */
  async close(): Promise<void> {
    clearInterval(this.heartbeat);
    this.rounds.close();
    await Promise.allSettled(this.turns.values());
    this.link.close();
  }
}

const isShortOfMinute = ({ requests, tokens }: Amounts): boolean => requests + tokens > 0;

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

const isHeld = ({ requests, tokens, parallel }: Readonly<Book>): boolean => requests + tokens + parallel > 0;
