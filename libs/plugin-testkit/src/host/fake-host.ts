// A host that stands still, answers as told and remembers everything it was told.
import type { Embed, EmbedRequest, JsonValue, ModelCatalogue, ModelFacts, PluginHost } from '@turnpike/plugin-sdk';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from './fake-clock.js';
import { FakeHttp } from './fake-http.js';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields?: Record<string, unknown>;
}

export interface FakeHost extends PluginHost {
  readonly clock: FakeClock;
  readonly timers: FakeClock;
  readonly http: FakeHttp;
  /** What was logged, in order. */
  readonly logs: readonly LogLine[];
  /** Metric name → sum of its counts. */
  readonly counts: Readonly<Record<string, number>>;
  /** Metric name → last value. */
  readonly gauges: Readonly<Record<string, number>>;
  /** What embeddings were asked for, in order. */
  readonly embedded: readonly EmbedRequest[];
  /** The temporary directory, once the plugin asked for it. */
  readonly madeDataDir: string | undefined;
  /** Removes the temporary directory. */
  dispose(): void;
}

export interface FakeHostOptions {
  clock?: FakeClock;
  http?: FakeHttp;
  /** Any whole number; the same gives the same sequence. */
  seed?: number;
  /** Makes embeddings, for plugins that need them; absent: the host makes none. */
  embed?: Embed;
  /** `provider/model` → facts. */
  models?: Readonly<Record<string, ModelFacts>>;
  /** Takes the place of parts of the host, or adds to it what a plugin `needs`. */
  overrides?: Partial<PluginHost> & Record<string, unknown>;
}

/** mulberry32: small, seeded, even. @returns numbers in [0, 1) */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export const fakeHost = (options: FakeHostOptions = {}): FakeHost => {
  const clock = options.clock ?? new FakeClock();
  const logs: LogLine[] = [];
  const counts: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  const state = new Map<string, JsonValue>();
  const write = (level: LogLine['level']) => (message: string, fields?: Record<string, unknown>) => {
    logs.push(fields ? { level, message, fields } : { level, message });
  };
  const models: ModelCatalogue = { facts: (provider, model) => options.models?.[`${provider}/${model}`] };
  let madeDataDir: string | undefined;
  const embedded: EmbedRequest[] = [];
  const { embed } = options;
  const host: FakeHost = {
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    clock,
    timers: clock,
    random: seededRandom(options.seed ?? 1),
    metrics: {
      count: (name, by = 1) => {
        counts[name] = (counts[name] ?? 0) + by;
      },
      gauge: (name, value) => {
        gauges[name] = value;
      },
    },
    state: {
      get: (key) => state.get(key),
      set: (key, value) => void state.set(key, value),
      delete: (key) => void state.delete(key),
    },
    models,
    dataDir: () => (madeDataDir ??= mkdtempSync(join(tmpdir(), 'plugin-testkit-'))),
    http: options.http ?? new FakeHttp(),
    logs,
    counts,
    gauges,
    embedded,
    ...(embed && {
      embed: (request: EmbedRequest) => {
        embedded.push(request);
        return embed(request);
      },
    }),
    get madeDataDir() {
      return madeDataDir;
    },
    dispose: () => {
      if (madeDataDir !== undefined) rmSync(madeDataDir, { recursive: true, force: true });
      madeDataDir = undefined;
    },
  };
  return options.overrides ? Object.defineProperties(host, Object.getOwnPropertyDescriptors(options.overrides)) : host;
};
