// Callbacks that keys and teams bring with settings of their own: opened when first used, and forgotten when unused.
import type { CallbackSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { canonicalJson } from '../runtime/canonical-json.js';
import type { Listener } from './callbacks.js';
import { Delivery, depthOf, type Moment, type QueueDepth, type Target } from './delivery.js';

/** One entry of a key's or team's `metadata.logging`. */
export interface KeyCallback {
  readonly name: string;
  readonly onSuccess: boolean;
  readonly onFailure: boolean;
  /** `callback_vars`. May hold secrets. */
  readonly variables: JsonObject;
}

export interface OpenedCallback extends Target {
  stop(): Promise<void>;
}

/** @throws GW_CONFIG_INVALID, GW_PLUGIN_*; why has been logged */
export type OpenCallback = (name: string, variables: JsonObject) => Promise<OpenedCallback>;

export interface KeyCallbacksOptions {
  readonly settings: Pick<CallbackSettings, 'withoutContent'>;
  readonly open: OpenCallback;
  readonly onDropped: (name: string, count: number) => void;
  readonly random: () => number;
}

/** Distinct settings that are kept open; the longest known goes first. */
const MAX_OPEN = 200;
/** For what waits in one that goes. */
const CLOSE_MS = 5_000;

interface Open {
  readonly name: string;
  readonly delivery: Delivery;
  readonly target: Promise<OpenedCallback>;
}

export class KeyCallbacks {
  private readonly opened = new Map<string, Open>();
  /** By the list of one key's terms, which lives as long as they do. */
  private known = new WeakMap<readonly KeyCallback[], readonly Listener[]>();

  constructor(private readonly options: KeyCallbacksOptions) {}

  *depths(): Iterable<QueueDepth> {
    for (const { name, delivery } of this.opened.values()) yield depthOf(name, delivery);
  }

  /** All listeners of such a key. Its own take the place of the common ones of the same name. */
  joined(common: readonly Listener[], own: readonly KeyCallback[]): readonly Listener[] {
    const known = this.known.get(own);
    if (known) return known;
    const all = [...common.map((listener) => without(listener, own)), ...own.map((one) => this.listenerFor(one))];
    this.known.set(own, all);
    return all;
  }

  async close(withinMs: number): Promise<void> {
    await Promise.all([...this.opened.values()].map((one) => shut(one, withinMs)));
    this.opened.clear();
  }

  private listenerFor(one: KeyCallback): Listener {
    const { delivery } = this.open(one);
    const hears = (moment: Moment): boolean =>
      (moment === 'onSuccess' && one.onSuccess) || (moment === 'onFailure' && one.onFailure);
    return { name: one.name, delivery, hears, hidesContent: this.options.settings.withoutContent.includes(one.name) };
  }

  private open({ name, variables }: KeyCallback): Open {
    const key = `${name} ${canonicalJson(variables)}`;
    const known = this.opened.get(key);
    if (known) return known;
    const { open, onDropped, random } = this.options;
    if (this.opened.size >= MAX_OPEN) this.closeOldest();
    const target = open(name, variables);
    // Its delivery tells of it; nobody else may be waiting.
    target.catch(() => undefined);
    const delivery = new Delivery({ target, onDropped: (count) => onDropped(name, count), random });
    const made = { name, delivery, target };
    this.opened.set(key, made);
    return made;
  }

  private closeOldest(): void {
    const [key, oldest] = this.opened.entries().next().value!;
    this.opened.delete(key);
    // Terms that it was made for open it again.
    this.known = new WeakMap();
    void shut(oldest, CLOSE_MS);
  }
}

const shut = async ({ delivery, target }: Open, withinMs: number): Promise<void> => {
  await delivery.close(withinMs);
  const opened = await target.catch(() => undefined);
  await opened?.stop();
};

/** What the key's own callback hears, the common one of that name does not. */
const without = (listener: Listener, own: readonly KeyCallback[]): Listener => {
  const same = own.filter(({ name }) => name === listener.name);
  if (same.length === 0) return listener;
  const isTaken = (moment: Moment): boolean =>
    (moment === 'onSuccess' && same.some(({ onSuccess }) => onSuccess)) ||
    (moment === 'onFailure' && same.some(({ onFailure }) => onFailure));
  return { ...listener, hears: (moment) => listener.hears(moment) && !isTaken(moment) };
};
