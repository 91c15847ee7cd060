// The gateway's own metrics, as one worker counts them. What it counted is taken to where all workers' metrics are summed.
import type { MetricsSettings } from '@turnpike/config';
import type { GatewayError } from '@turnpike/errors';
import type { GuardrailRun, Metrics } from '@turnpike/plugin-sdk';
import type { Target } from '@turnpike/router';
import {
  count,
  MetricSources,
  observe,
  readingsOfRegistry,
  TableRecorder,
  type MetricDump,
  type TableSpec,
} from '@turnpike/telemetry';
import type { Registry } from 'prom-client';
import type { Attempt } from '../pipeline/attempt.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';
import { CallSeries, type CallerSeries, type Labels } from './call-series.js';
import { CallerBook } from './caller-book.js';
import { Callers, toldLabelsIn } from './callers.js';
import { CustomLabels } from './custom-labels.js';
import { exposedIn, maxRowsOf, tablesOf } from './exposed-tables.js';
import type { GatewayTables } from './families.js';
import { deploymentLabelsOf } from './deployment-labels.js';
import { ModelNames } from './model-names.js';
import { readRateLimits } from './rate-limit-headers.js';
import type { RedisMetrics } from './redis-metrics.js';

/** A row that nobody used for so long is forgotten here; what it counted is summed elsewhere. */
const IDLE_MS = 600_000;

/** Records into one table, with labels by name. Labels that nobody is told are left empty, so that they make no rows. */
class Counted<Key extends string> {
  readonly recorder: TableRecorder<Key>;
  readonly at: Readonly<Record<Key, number>>;
  readonly shown: ReadonlySet<string>;

  constructor(spec: TableSpec<Key>, settings: MetricsSettings, idleMs?: number) {
    this.recorder = new TableRecorder(spec, maxRowsOf(spec, settings), idleMs);
    this.at = spec.at;
    this.shown = new Set(
      exposedIn(spec, settings).flatMap(({ columns }) => columns.map((column) => spec.labelNames[column]!)),
    );
  }

  row(labels: Labels): Float64Array {
    const { labelNames } = this.recorder.spec;
    return this.recorder.row(labelNames.map((name) => (this.shown.has(name) ? (labels[name] ?? '') : '')));
  }
}

type CountedTables = {
  readonly [Name in Exclude<keyof GatewayTables, 'redis'>]: GatewayTables[Name] extends TableSpec<infer Key>
    ? Counted<Key>
    : never;
};

/** Rows of callers come and go; those of other tables are few, and kept by who counts in them. */
const isOfCallers = ({ labelNames }: TableSpec): boolean => labelNames.includes('hashed_api_key');

const countedTables = (settings: MetricsSettings): CountedTables => {
  const { redis: _, ...tables } = tablesOf(settings);
  return Object.fromEntries(
    Object.entries<TableSpec>(tables).map(([name, spec]) => [
      name,
      new Counted(spec, settings, isOfCallers(spec) ? IDLE_MS : undefined),
    ]),
  ) as unknown as CountedTables;
};

export class GatewayMetrics {
  /** Any part of the runtime may tell figures that it has anyway. */
  readonly sources = new MetricSources();
  readonly book: CallerBook;
  readonly callers: Callers;
  private readonly tables: CountedTables;
  private readonly names = new ModelNames();
  private readonly self: Float64Array;
  private readonly pluginValues = new Map<string, Map<string, number>>();
  /** By plugin, hook and outcome. */
  private readonly hooks = new Map<string, Map<string, Float64Array>>();

  constructor(
    settings: MetricsSettings,
    /** What the process tells of itself. */
    private readonly registry?: Registry,
    /** Of the connection that this process has itself. */
    private readonly redis?: RedisMetrics,
  ) {
    const custom = new CustomLabels(settings);
    this.tables = countedTables(settings);
    this.book = new CallerBook(custom);
    const { calls, latencies, proxy } = this.tables;
    const shown = new Set([...calls.shown, ...latencies.shown, ...proxy.shown]);
    this.callers = new Callers(toldLabelsIn(shown), custom, this.book);
    this.self = this.tables.self.row({ self: 'self' });
    this.sources.register({
      name: 'turnpike_plugin_value',
      help: 'What plugins measure by themselves',
      labelNames: ['plugin', 'name'],
      read: (tell) => {
        for (const [plugin, values] of this.pluginValues)
          for (const [name, value] of values) tell(value, [plugin, name]);
      },
    });
  }

  /** What a plugin counts by itself. */
  forPlugin(plugin: string): Metrics {
    const { pluginEvents } = this.tables;
    return {
      count: (name, by = 1) => count(pluginEvents.row({ plugin, name }), pluginEvents.at.events, by),
      gauge: (name, value) => this.setPluginValue(plugin, name, value),
    };
  }

  /** One call is over. Adds to rows that were found before, so it costs little. */
  record(exchange: Exchange, outcome: Outcome): void {
    const { attempt } = exchange;
    const isSuccess = outcome.status === 'success';
    const caller = this.callers.of(exchange);
    const requested = this.requestedModel(exchange, isSuccess);
    const series = attempt
      ? this.seriesAt(caller, requested, attempt, isSuccess)
      : this.seriesWithout(caller, requested);
    this.recordAnswer(exchange, outcome, caller, requested, series);
    if (outcome.error) this.recordFailure(exchange, outcome, caller, requested, series);
    const totalSeconds = (outcome.endedAt - exchange.startedAt) / 1_000;
    if (attempt) this.recordAttempt(exchange, attempt, outcome, series, totalSeconds);
    const { calls, latencies, self } = this.tables;
    if (exchange.cache === 'hit') {
      // A hit was answered by nobody else.
      const hit = attempt ? this.seriesWithout(caller, requested) : series;
      count(hit.calls, calls.at.requests, 1);
      count(hit.calls, calls.at.cacheHits, 1);
      count(hit.calls, calls.at.cachedTokens, outcome.usage?.totalTokens ?? storedTokens(exchange));
      observe(hit.latencies, latencies.at.total, totalSeconds);
    } else if (exchange.cache === 'miss') count(this.seriesWithout(caller, requested).calls, calls.at.cacheMisses, 1);
    observe(this.self, self.at.seconds, totalSeconds);
    if (exchange.attempts.length > 1) this.recordFallbacks(exchange, caller, requested);
  }

  /** One attempt failed, whatever became of its call. */
  attemptFailed(attempt: Attempt, error: GatewayError): void {
    const { exchange, target } = attempt;
    const { calls, attempts } = this.tables;
    const caller = this.callers.of(exchange);
    const requested = this.requestedModel(exchange, false);
    const series = this.seriesAt(caller, requested, attempt, false);
    count(series.calls, calls.at.attempts, 1);
    count(series.calls, calls.at.failedAttempts, 1);
    const labels = {
      ...caller.labels,
      ...this.deploymentLabels(target, false),
      requested_model: requested,
      exception_status: String(error.status),
      exception_class: error.code,
    };
    count(attempts.row(labels), attempts.at.failures, 1);
  }

  /** A failure was one too many for its deployment: it rests. */
  cooledDown({ target }: Attempt, { status }: GatewayError): void {
    const { attempts } = this.tables;
    const labels = { ...this.deploymentLabels(target, false), exception_status: String(status) };
    count(attempts.row(labels), attempts.at.cooldowns, 1);
  }

  guardrail({ name, mode, status, error = '', ms }: Omit<GuardrailRun, 'plugin' | 'startedAt'>): void {
    const { guardrails } = this.tables;
    const row = guardrails.row({ guardrail_name: name, status, error_type: error, hook_type: mode });
    count(row, guardrails.at.requests, 1);
    if (error !== '') count(row, guardrails.at.errors, 1);
    observe(row, guardrails.at.seconds, ms / 1_000);
  }

  /** A callback was not told of so many events. */
  callbackFailed(name: string, events: number): void {
    const { callbacks } = this.tables;
    count(callbacks.row({ callback_name: name }), callbacks.at.failures, events);
  }

  /** A budget reached a mark. */
  budgetEvent(event: string, group: string): void {
    const { budgetEvents } = this.tables;
    count(budgetEvents.row({ event, event_group: group }), budgetEvents.at.events, 1);
  }

  hook(plugin: string, hook: string, outcome: string, ms: number): void {
    const { hooks } = this.tables;
    const key = `${hook} ${outcome}`;
    let ofPlugin = this.hooks.get(plugin);
    if (!ofPlugin) this.hooks.set(plugin, (ofPlugin = new Map<string, Float64Array>()));
    let row = ofPlugin.get(key);
    if (!row) ofPlugin.set(key, (row = hooks.row({ plugin, hook, outcome })));
    count(row, hooks.at.calls, 1);
    observe(row, hooks.at.seconds, ms / 1_000);
  }

  /** What was counted since the last time. */
  counts(): MetricDump {
    const now = performance.now();
    const drained = Object.values<Counted<string>>(this.tables).map(({ recorder }) => recorder.drain(now));
    // Nobody may add to rows that are forgotten.
    if (drained.some(({ hasForgotten }) => hasForgotten)) this.callers.clear();
    return { deltas: [...drained.map(({ delta }) => delta), ...(this.redis?.counts().deltas ?? [])] };
  }

  /** The same, with how things are now. */
  async everything(): Promise<MetricDump> {
    const ofProcess = this.registry ? await readingsOfRegistry(this.registry) : [];
    return { ...this.counts(), readings: [...this.sources.readings(), ...ofProcess] };
  }

  private recordAnswer(
    { front, isStream }: Exchange,
    { statusCode }: Outcome,
    caller: CallerSeries,
    requested: string,
    series: CallSeries,
  ): void {
    const { proxy } = this.tables;
    const { route } = front;
    const row =
      series.answer(route, statusCode, isStream) ??
      series.addAnswer(
        route,
        statusCode,
        isStream,
        proxy.row({
          ...caller.labels,
          ...series.labels,
          requested_model: requested,
          status_code: String(statusCode),
          route,
          stream: isStream ? 'True' : 'False',
        }),
      );
    count(row, proxy.at.requests, 1);
  }

  private recordFailure(
    { front }: Exchange,
    { statusCode, error }: Outcome,
    caller: CallerSeries,
    requested: string,
    series: CallSeries,
  ): void {
    const { failures } = this.tables;
    const row = failures.row({
      ...caller.labels,
      ...series.labels,
      requested_model: requested,
      exception_status: String(statusCode),
      exception_class: error?.code ?? '',
      route: front.route,
    });
    count(row, failures.at.requests, 1);
  }

  private recordAttempt(
    exchange: Exchange,
    attempt: Attempt,
    outcome: Outcome,
    series: CallSeries,
    totalSeconds: number,
  ): void {
    const { at } = this.tables.calls;
    const { calls } = series;
    const { usage, costNanoUsd } = outcome;
    count(calls, at.requests, 1);
    if (usage) {
      count(calls, at.inputTokens, usage.inputTokens);
      count(calls, at.outputTokens, usage.outputTokens);
      count(calls, at.totalTokens, usage.totalTokens);
      if (usage.cachedInputTokens) count(calls, at.cachedInputTokens, usage.cachedInputTokens);
      if (usage.cacheWriteTokens) count(calls, at.cacheWriteTokens, usage.cacheWriteTokens);
      if (usage.reasoningTokens) count(calls, at.reasoningTokens, usage.reasoningTokens);
      if (usage.inputAudioTokens) count(calls, at.inputAudioTokens, usage.inputAudioTokens);
      if (usage.outputAudioTokens) count(calls, at.outputAudioTokens, usage.outputAudioTokens);
      if (costNanoUsd === undefined) count(calls, at.unpriced, 1);
    }
    if (costNanoUsd) count(calls, at.spend, costNanoUsd / 1e9);
    this.observeTimes(exchange, attempt, outcome, series.latencies, totalSeconds);
    if (outcome.status !== 'success') return;
    count(calls, at.successes, 1);
    count(calls, at.attempts, 1);
    const headers = exchange.answer?.headers;
    if (headers)
      series.rateLimits = readRateLimits(attempt.target.deployment.id, headers, outcome.endedAt) ?? series.rateLimits;
  }

  private observeTimes(
    { startedAt, attempts, guardedMs }: Exchange,
    attempt: Attempt,
    { endedAt, usage, status }: Outcome,
    latencies: Float64Array,
    totalSeconds: number,
  ): void {
    const { at } = this.tables.latencies;
    const upstreamSeconds = ((attempt.answeredAt ?? endedAt) - attempt.startedAt) / 1_000;
    const guardedSeconds = guardedMs / 1_000;
    const awaySeconds =
      attempts.length === 1 ? upstreamSeconds : Math.max(upstreamSeconds, secondsOf(attempts, endedAt));
    const overheadSeconds = Math.max(0, totalSeconds - awaySeconds);
    observe(latencies, at.total, totalSeconds);
    observe(latencies, at.upstream, upstreamSeconds);
    observe(latencies, at.queue, Math.max(0, (attempts[0]!.startedAt - startedAt) / 1_000 - guardedSeconds));
    observe(latencies, at.overheadWithGuardrails, overheadSeconds);
    observe(latencies, at.overhead, Math.max(0, overheadSeconds - guardedSeconds));
    if (attempt.firstTokenAt !== undefined)
      observe(latencies, at.firstToken, (attempt.firstTokenAt - attempt.startedAt) / 1_000);
    if (status === 'success' && usage && usage.outputTokens > 0)
      observe(latencies, at.perOutputToken, upstreamSeconds / usage.outputTokens);
  }

  /** Each other group that was asked: whether it answered, and why it was asked. */
  private recordFallbacks({ attempts }: Exchange, caller: CallerSeries, requested: string): void {
    const { fallbacks } = this.tables;
    for (let index = 1; index < attempts.length; index += 1) {
      const { choice, target } = attempts[index]!;
      if (choice.fallback === 0 || attempts[index - 1]!.choice.fallback === choice.fallback) continue;
      const group = attempts.filter((one) => one.choice.fallback === choice.fallback);
      const why = attempts.slice(0, index).findLast(({ error }) => error)?.error;
      const row = fallbacks.row({
        ...caller.labels,
        requested_model: requested,
        fallback_model: choice.level.group.name,
        model_id: target.deployment.id,
        exception_status: why ? String(why.status) : '',
        exception_class: why?.code ?? '',
      });
      if (group.some(({ status }) => status === 'success')) count(row, fallbacks.at.successes, 1);
      else if (group.every(({ status }) => status === 'failure')) count(row, fallbacks.at.failures, 1);
    }
  }

  /** A name that no configuration knows comes from a client and may be anything: it gets no series of its own. */
  private requestedModel({ resolution, model = '' }: Exchange, isSuccess: boolean): string {
    if (!resolution) return 'unknown';
    return this.names.labelOf(model, resolution.groups[0]?.name ?? '', isSuccess);
  }

  private seriesAt(caller: CallerSeries, requested: string, attempt: Attempt, isSuccess: boolean): CallSeries {
    const { target, choice } = attempt;
    const { deployment } = target;
    const model = this.names.labelOf(target.model, deployment.model, isSuccess);
    return (
      caller.of(requested, deployment.id, model) ??
      this.addSeries(caller, requested, deployment.id, model, {
        ...this.deploymentLabels(target, isSuccess),
        model_group: choice.level.group.name,
      })
    );
  }

  /** Of calls that nobody was asked for. */
  private seriesWithout(caller: CallerSeries, requested: string): CallSeries {
    return caller.of(requested, '', '') ?? this.addSeries(caller, requested, '', '', { model: requested });
  }

  private addSeries(
    caller: CallerSeries,
    requested: string,
    deploymentId: string,
    model: string,
    labels: Labels,
  ): CallSeries {
    const all = { ...caller.labels, ...labels, requested_model: requested };
    const { calls, latencies } = this.tables;
    const series = new CallSeries(requested, deploymentId, model, labels, calls.row(all), latencies.row(all));
    this.callers.keep(caller, series);
    return series;
  }

  private deploymentLabels(target: Target, isSuccess: boolean): Labels {
    const model = this.names.labelOf(target.model, target.deployment.model, isSuccess);
    return { ...deploymentLabelsOf(target.deployment), model, litellm_model_name: model };
  }

  private setPluginValue(plugin: string, name: string, value: number): void {
    let values = this.pluginValues.get(plugin);
    if (!values) this.pluginValues.set(plugin, (values = new Map<string, number>()));
    if (values.size < MAX_PLUGIN_VALUES || values.has(name)) values.set(name, value);
  }
}

/** Of one plugin. */
const MAX_PLUGIN_VALUES = 100;

/** What an answer of the cache once cost, as its own text tells: nobody reads all of it again for that. */
const storedTokens = ({ answer }: Exchange): number => {
  if (answer?.kind !== 'whole') return 0;
  const at = answer.body.lastIndexOf(TOTAL_TOKENS);
  const text = at < 0 ? '' : answer.body.toString('latin1', at + TOTAL_TOKENS.length, at + TOTAL_TOKENS.length + 24);
  return Number(/^\s*:\s*(\d{1,15})\b/.exec(text)?.[1] ?? 0);
};

/** Inside a text of the answer its quotes would be escaped. */
const TOTAL_TOKENS = '"total_tokens"';

/** Of several attempts, one after the other or side by side. */
const secondsOf = (attempts: readonly Attempt[], callEndedAt: number): number => {
  let ms = 0;
  for (const { startedAt, answeredAt, endedAt = callEndedAt } of attempts) ms += (answeredAt ?? endedAt) - startedAt;
  return ms / 1_000;
};
