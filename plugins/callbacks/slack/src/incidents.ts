// Trouble that goes on: told when it begins, when it grows, and when none was seen for a while. All workers know of it.
import type { PluginHost } from '@turnpike/plugin-sdk';
import type { AlertType } from './config.js';
import type { Later } from './desk.js';

export interface Trouble {
  readonly type: AlertType;
  /** What is in trouble: a model, a group. */
  readonly subject: string;
  /** How bad; from 1 on. */
  readonly level: number;
  readonly text: string;
  /** For when it is over. */
  readonly over: string;
  /** It is over when none was seen for so long. */
  readonly quietMs: number;
}

interface Incident {
  readonly level: number;
  /** Epoch milliseconds, both. */
  readonly since: number;
  readonly seenAt: number;
}

/** Those that a worker has seen itself, and tells the end of. */
const MAX_KNOWN = 1_000;

export class Incidents {
  private readonly known = new Map<string, Trouble>();

  constructor(
    private readonly host: Pick<PluginHost, 'state' | 'clock'>,
    private readonly later: Later,
  ) {}

  isOpen({ type, subject, quietMs }: Pick<Trouble, 'type' | 'subject' | 'quietMs'>): boolean {
    return this.read(keyOf({ type, subject }), quietMs) !== undefined;
  }

  seen(trouble: Trouble): void {
    const { type, level, text, quietMs } = trouble;
    const key = keyOf(trouble);
    const now = this.host.clock.now();
    const open = this.read(key, quietMs);
    this.known.delete(key);
    this.known.set(key, trouble);
    if (this.known.size > MAX_KNOWN) this.known.delete(this.known.keys().next().value!);
    const isWorse = !open || level > open.level;
    // Once in a while is enough to keep it open: writes go to all workers.
    if (!isWorse && now - open.seenAt < quietMs / 10) return;
    this.host.state.set(key, [Math.max(level, open?.level ?? 0), open?.since ?? now, now]);
    if (!isWorse) return;
    const mood = level > 1 ? 'bad' : 'warning';
    this.later({ notice: { type, mood, text }, name: `${key} ${level}`, heldMs: quietMs });
  }

  /** Tells of those that are over. */
  sweep(): void {
    const now = this.host.clock.now();
    for (const [key, { type, over, quietMs }] of this.known) {
      const open = this.read(key);
      if (open && now - open.seenAt < quietMs) continue;
      this.known.delete(key);
      // Another worker was quicker.
      if (!open) continue;
      this.host.state.delete(key);
      const text = `${over} It began at ${new Date(open.since).toISOString()}.`;
      this.later({ notice: { type, mood: 'good', text }, name: `${key} over`, heldMs: quietMs });
    }
  }

  /** Nobody tells the end of one whose workers are gone: then it is forgotten. */
  private read(key: string, quietMs = Infinity): Incident | undefined {
    const held = this.host.state.get(key);
    if (!Array.isArray(held)) return undefined;
    const [level, since, seenAt] = held.map(Number) as [number, number, number];
    return this.host.clock.now() - seenAt >= 2 * quietMs ? undefined : { level, since, seenAt };
  }
}

const keyOf = ({ type, subject }: Pick<Trouble, 'type' | 'subject'>): string => `incident ${type} ${subject}`;
