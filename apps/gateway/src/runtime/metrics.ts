// The gateway's own metrics. Names and labels are LiteLLM's, so that existing dashboards work.
import type { CounterCell, HistogramCell } from '@turnpike/telemetry';
import { SeriesCounter, SeriesGauge, SeriesHistogram, type GaugeCell } from '@turnpike/telemetry';
import type { Metrics } from '@turnpike/plugin-sdk';
import type { Registry } from 'prom-client';
import type { GatewayError } from '@turnpike/errors';
import type { Target } from '@turnpike/router';
import type { Attempt } from '../pipeline/attempt.js';
import type { Exchange, Outcome, Principal } from '../pipeline/exchange.js';
import { CellCache } from './cell-cache.js';
import { ModelNames } from './model-names.js';

const KEY = ['hashed_api_key', 'api_key_alias', 'team', 'team_alias', 'user'] as const;
const DEPLOYMENT = ['litellm_model_name', 'model_id', 'api_provider'] as const;

/** Cells of one caller at one deployment: found once, then only added to. */
interface CallCells {
  requests: CounterCell;
  inputTokens: CounterCell;
  outputTokens: CounterCell;
  totalTokens: CounterCell;
  spend: CounterCell;
  totalSeconds: HistogramCell;
  upstreamSeconds: HistogramCell;
  firstTokenSeconds: HistogramCell;
  overheadSeconds: HistogramCell;
  successes: CounterCell;
}

/** Distinct (caller, model, deployment) sets whose cells are kept at hand. */
const MAX_REMEMBERED = 20_000;

export class GatewayMetrics {
  readonly inFlight: GaugeCell;
  private readonly proxyRequests: SeriesCounter;
  private readonly proxyFailures: SeriesCounter;
  private readonly requests: SeriesCounter;
  private readonly inputTokens: SeriesCounter;
  private readonly outputTokens: SeriesCounter;
  private readonly totalTokens: SeriesCounter;
  private readonly spend: SeriesCounter;
  private readonly totalSeconds: SeriesHistogram;
  private readonly upstreamSeconds: SeriesHistogram;
  private readonly firstTokenSeconds: SeriesHistogram;
  private readonly overheadSeconds: SeriesHistogram;
  private readonly deploymentSuccesses: SeriesCounter;
  private readonly deploymentFailures: SeriesCounter;
  private readonly cacheHits: SeriesCounter;
  private readonly cacheMisses: SeriesCounter;
  private readonly unpriced: SeriesCounter;
  private readonly budgetEvents: SeriesCounter;
  private readonly degradedStates: SeriesGauge;
  private readonly hookCalls: SeriesCounter;
  private readonly hookSeconds: SeriesHistogram;
  private readonly pluginEvents: SeriesCounter;
  private readonly pluginValues: SeriesGauge;
  private readonly names = new ModelNames();
  private readonly cells = new CellCache<CallCells>(MAX_REMEMBERED);
  private readonly statusCells = new CellCache<CounterCell>(MAX_REMEMBERED);

  constructor(registry: Registry) {
    const counter = (name: string, help: string, labelNames: readonly string[] = []): SeriesCounter =>
      new SeriesCounter({ name, help, labelNames, registry });
    const histogram = (name: string, help: string, labelNames: readonly string[]): SeriesHistogram =>
      new SeriesHistogram({ name, help, labelNames, registry });
    const call = ['end_user', ...KEY, 'model', 'requested_model', 'model_id'] as const;

    this.inFlight = new SeriesGauge({
      name: 'litellm_in_flight_requests',
      help: 'Requests being handled',
      registry,
    }).cell();
    this.proxyRequests = counter('litellm_proxy_total_requests_metric_total', 'Requests by route and status', [
      'end_user',
      ...KEY,
      'requested_model',
      'status_code',
      'route',
    ]);
    this.proxyFailures = counter(
      'litellm_proxy_failed_requests_metric_total',
      'Requests that did not get their answer',
      ['end_user', ...KEY, 'requested_model', 'exception_status', 'exception_class', 'route'],
    );
    this.requests = counter('litellm_requests_metric_total', 'Calls to models', call);
    this.inputTokens = counter('litellm_input_tokens_metric_total', 'Prompt tokens', call);
    this.outputTokens = counter('litellm_output_tokens_metric_total', 'Generated tokens', call);
    this.totalTokens = counter('litellm_total_tokens_metric_total', 'Prompt and generated tokens', call);
    this.spend = counter('litellm_spend_metric_total', 'Spend in USD', call);
    this.totalSeconds = histogram(
      'litellm_request_total_latency_metric',
      'Seconds from request to the end of the answer',
      call,
    );
    this.upstreamSeconds = histogram('litellm_llm_api_latency_metric', 'Seconds the provider took', call);
    this.firstTokenSeconds = histogram(
      'litellm_llm_api_time_to_first_token_metric',
      'Seconds to the first event of a stream',
      call,
    );
    this.overheadSeconds = histogram('litellm_overhead_latency_metric', 'Seconds this gateway added', [
      'model_group',
      ...DEPLOYMENT,
    ]);
    this.deploymentSuccesses = counter('litellm_deployment_success_responses_total', 'Answers by deployment', [
      'requested_model',
      ...DEPLOYMENT,
    ]);
    this.deploymentFailures = counter('litellm_deployment_failure_responses_total', 'Failures by deployment', [
      'requested_model',
      ...DEPLOYMENT,
      'exception_status',
      'exception_class',
    ]);
    this.cacheHits = counter('litellm_cache_hits_metric_total', 'Answers from the cache', ['model']);
    this.cacheMisses = counter('litellm_cache_misses_metric_total', 'Cache look-ups that found nothing', ['model']);
    this.degradedStates = new SeriesGauge({
      name: 'turnpike_degraded',
      help: 'Workers that something configured is away from, by what it is',
      labelNames: ['state'],
      registry,
    });
    this.unpriced = counter('turnpike_unpriced_calls_total', 'Calls to a model whose price is unknown', DEPLOYMENT);
    this.budgetEvents = counter(
      'turnpike_budget_events_total',
      'Budgets that reached a mark: soft budget, 85 or 95 percent, spent',
      ['event', 'event_group'],
    );
    this.hookCalls = counter('turnpike_plugin_hook_calls_total', 'Plugin hooks by outcome', [
      'plugin',
      'hook',
      'outcome',
    ]);
    this.pluginEvents = counter('turnpike_plugin_events_total', 'What plugins count by themselves', ['plugin', 'name']);
    this.pluginValues = new SeriesGauge({
      name: 'turnpike_plugin_value',
      help: 'What plugins measure by themselves',
      labelNames: ['plugin', 'name'],
      registry,
    });
    this.hookSeconds = histogram('turnpike_plugin_hook_seconds', 'Seconds plugin hooks took', ['plugin', 'hook']);
  }

  /** What a plugin counts by itself. */
  forPlugin(plugin: string): Metrics {
    return {
      count: (name, by = 1) => this.pluginEvents.cell([plugin, name]).add(by),
      gauge: (name, value) => this.pluginValues.cell([plugin, name]).set(value),
    };
  }

  /** One call is over. Adds to cells that were found before, so it costs little. */
  record(exchange: Exchange, outcome: Outcome): void {
    const { principal, attempt } = exchange;
    const requested = this.requestedModel(exchange, outcome.status === 'success');
    this.statusCell(exchange, requested, outcome.statusCode).add(1);
    if (exchange.cache === 'hit') this.cacheHits.cell([requested]).add(1);
    else if (exchange.cache === 'miss') this.cacheMisses.cell([requested]).add(1);
    if (outcome.error) this.recordFailure(exchange, requested, outcome);
    if (!attempt) return;
    const { target, choice, startedAt, firstTokenAt } = attempt;
    const called = this.calledLabels(target, outcome.status === 'success');
    const cells = this.cellsFor(principal, requested, choice.level.group.name, called);
    cells.requests.add(1);
    if (outcome.usage) {
      cells.inputTokens.add(outcome.usage.inputTokens);
      cells.outputTokens.add(outcome.usage.outputTokens);
      cells.totalTokens.add(outcome.usage.totalTokens);
      if (outcome.costNanoUsd === undefined) this.unpriced.cell(called).add(1);
      else cells.spend.add(outcome.costNanoUsd / 1e9);
    }
    const upstreamMs = (attempt.answeredAt ?? outcome.endedAt) - startedAt;
    const totalMs = outcome.endedAt - exchange.startedAt;
    cells.totalSeconds.observe(totalMs / 1_000);
    cells.upstreamSeconds.observe(upstreamMs / 1_000);
    cells.overheadSeconds.observe(Math.max(0, totalMs - upstreamMs) / 1_000);
    if (firstTokenAt !== undefined) cells.firstTokenSeconds.observe((firstTokenAt - startedAt) / 1_000);
    if (outcome.status === 'success') cells.successes.add(1);
  }

  /** One attempt failed, whatever became of its call. */
  attemptFailed({ exchange, target }: Attempt, { status, code }: GatewayError): void {
    const called = this.calledLabels(target, false);
    this.deploymentFailures.cell([this.requestedModel(exchange, false), ...called, String(status), code]).add(1);
  }

  /** @param state its name in readiness, in alerts and in the documents */
  degraded(state: string, isDegraded: boolean): void {
    this.degradedStates.cell([state]).set(isDegraded ? 1 : 0);
  }

  budgetEvent(event: string, group: string): void {
    this.budgetEvents.cell([event, group]).add(1);
  }

  hook(plugin: string, hook: string, outcome: string, ms: number): void {
    this.hookCalls.cell([plugin, hook, outcome]).add(1);
    this.hookSeconds.cell([plugin, hook]).observe(ms / 1_000);
  }

  /** A name that no configuration knows comes from a client and may be anything: it gets no series of its own. */
  private requestedModel({ resolution, model = '' }: Exchange, isSuccess: boolean): string {
    if (!resolution) return 'unknown';
    return this.names.labelOf(model, resolution.groups[0]?.name ?? '', isSuccess);
  }

  /** In the order of DEPLOYMENT. */
  private calledLabels({ deployment, model }: Target, isSuccess: boolean): CalledLabels {
    return [this.names.labelOf(model, deployment.model, isSuccess), deployment.id, deployment.provider];
  }

  private recordFailure(exchange: Exchange, requested: string, outcome: Outcome): void {
    const exception = [String(outcome.statusCode), outcome.error?.code ?? ''];
    this.proxyFailures
      .cell(['', ...keyLabels(exchange.principal), requested, ...exception, exchange.front.route])
      .add(1);
  }

  private statusCell({ principal, front }: Exchange, requested: string, status: number): CounterCell {
    const labels = [principal?.keyHash ?? '', requested, String(status), front.route] as const;
    return (
      this.statusCells.get(...labels) ??
      this.statusCells.add(
        ...labels,
        this.proxyRequests.cell(['', ...keyLabels(principal), requested, String(status), front.route]),
      )
    );
  }

  private cellsFor(
    principal: Principal | undefined,
    requested: string,
    group: string,
    called: CalledLabels,
  ): CallCells {
    const labels = [principal?.keyHash ?? '', requested, called[1], called[0]] as const;
    return this.cells.get(...labels) ?? this.cells.add(...labels, this.makeCells(principal, requested, group, called));
  }

  private makeCells(
    principal: Principal | undefined,
    requested: string,
    group: string,
    called: CalledLabels,
  ): CallCells {
    const [model, deploymentId] = called;
    const call = ['', ...keyLabels(principal), model, requested, deploymentId];
    return {
      requests: this.requests.cell(call),
      inputTokens: this.inputTokens.cell(call),
      outputTokens: this.outputTokens.cell(call),
      totalTokens: this.totalTokens.cell(call),
      spend: this.spend.cell(call),
      totalSeconds: this.totalSeconds.cell(call),
      upstreamSeconds: this.upstreamSeconds.cell(call),
      firstTokenSeconds: this.firstTokenSeconds.cell(call),
      overheadSeconds: this.overheadSeconds.cell([group, ...called]),
      successes: this.deploymentSuccesses.cell([requested, ...called]),
    };
  }
}

type CalledLabels = [model: string, deploymentId: string, provider: string];

/** In the order of KEY. A digest is cut short: it only has to tell keys apart. */
const keyLabels = (principal: Principal | undefined): string[] =>
  principal
    ? [principal.keyHash.slice(0, 16), principal.keyAlias, principal.teamId, '', principal.userId]
    : ['', '', '', '', ''];
