// What all calls share: the current snapshot, keys, HTTP client, prices, metrics, log.
import { describeOff, type GatewayConfig } from '@turnpike/config';
import { isJsonObject, type Deployment, type JsonObject, type JsonValue, type Usage } from '@turnpike/domain';
import { GatewayError, isGatewayError, toGatewayError } from '@turnpike/errors';
import {
  Kernel,
  StateStore,
  UpstreamClient,
  proxyFromEnvironment,
  type PluginGraph,
  type Bundle,
  type HttpClientSettings,
  type StateChange,
} from '@turnpike/kernel';
import {
  costOf,
  createPriceBook,
  perMillionTokens,
  readPriceKeys,
  type Price,
  type PriceBook,
} from '@turnpike/pricing';
import { Limits, type Budgets, type LimitsOptions } from '@turnpike/limits';
import { LiveState } from '@turnpike/router';
import { collectProcessMetrics, redactText, redactHeaders, registerSecret, type RootLogger } from '@turnpike/telemetry';
import { readFileSync } from 'node:fs';
import type { GuardrailRun } from '@turnpike/plugin-sdk';
import type { Registry } from 'prom-client';
import { modelCatalogOf } from '../keys/model-catalog.js';
import type { Attempt } from '../pipeline/attempt.js';
import type { Exchange } from '../pipeline/exchange.js';
import type { PreparedCall } from '../upstream/prepare.js';
import { CallEvents } from './call-events.js';
import type { CallJournal } from './call-journal.js';
import { steadyClock } from './clock.js';
import { readConfiguration, type Configuration, type ConfigurationOptions } from './configuration.js';
import { CostEstimates } from './cost-estimates.js';
import { Keys } from './keys.js';
import { LedgerSide } from './ledger-side.js';
import { GatewayMetrics } from './metrics.js';
import { keyOfProvider, planOf, STRATEGY_KEY } from './plan.js';
import { RecentCalls } from './recent-calls.js';
import { recogniser } from './recognise.js';
import { secretsOf } from './secrets.js';
import { RuntimeSnapshot } from './snapshot.js';
import { TokenCounter } from './token-counter.js';

export interface RuntimeOptions {
  /** How to read the configuration; used again at every reload. */
  load: ConfigurationOptions;
  bundle: Bundle;
  log: RootLogger;
  registry: Registry;
  /** The key that management routes take: configured, or generated. */
  masterKey: string;
  /** Whom limits are asked of; absent: this worker counts alone. */
  limitAuthority?: LimitsOptions['authority'];
  /** What is known of deployments; shared with others where it is given. */
  state?: LiveState;
  /** Where the ledger is, and what it knows this gateway by. */
  ledger?: { readonly address: string; readonly token: string };
  /** Sends a plugin's shared state to the other workers. */
  publishState?: (change: StateChange) => void;
}

/** What readiness says of it. */
const REDIS_AWAY = 'redis_away: limits hold on each machine alone until Redis is back';
const LEDGER_AWAY = 'ledger_away: known keys go on, and finished calls wait in the journal until the ledger is back';

/** A strategy that fails does so at every call. The log has it now and then, the metric each time. */
const STRATEGY_WARNING_EVERY_MS = 60_000;

/** Larger answers than this are cut off unless the configuration says otherwise. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;

export class Runtime {
  readonly clock = steadyClock;
  readonly random = Math.random;
  readonly maxResponseBytes = MAX_RESPONSE_BYTES;
  readonly state: LiveState;
  readonly limits: Limits;
  readonly recentCalls = new RecentCalls();
  readonly tokens: TokenCounter;
  readonly metrics: GatewayMetrics;
  readonly events: CallEvents;
  readonly keys: Keys;
  readonly log: RootLogger;
  readonly http: UpstreamClient;
  readonly prices: PriceBook;
  readonly kernel: Kernel;
  readonly sharedState: StateStore;
  /** Absent: there is none. */
  readonly ledger: LedgerSide | undefined;
  /** Where finished calls are put on record; absent: there is no ledger. */
  readonly journal: CallJournal | undefined;
  /** Money that callers' budgets have for them; absent: there is no ledger. */
  readonly budgets: Budgets | undefined;
  readonly estimates = new CostEstimates((deployment, model) => this.priceOf(deployment, model));
  /** Told of every look of a guardrail at a call. */
  onGuardrail: ((run: GuardrailRun) => void) | undefined;
  isDraining = false;
  callsServed = 0;
  /** What was configured and cannot be served, and why. */
  off: readonly string[] = [];
  private snapshot!: RuntimeSnapshot;
  private readonly callsOf = new Map<RuntimeSnapshot, number>();
  private retired = new Set<RuntimeSnapshot>();

  private constructor(
    private readonly options: RuntimeOptions,
    {
      kernel,
      http,
      prices,
      sharedState,
      metrics,
      ledger,
    }: Pick<Runtime, 'kernel' | 'http' | 'prices' | 'sharedState' | 'metrics'> & { ledger: LedgerSide | undefined },
  ) {
    this.log = options.log;
    this.state = options.state ?? new LiveState();
    this.limits = new Limits({ authority: options.limitAuthority, now: () => this.clock.now() });
    this.limits.onDegraded((isDegraded) => {
      metrics.degraded('redis_away', isDegraded);
      if (isDegraded) this.log.warn(REDIS_AWAY);
      else this.log.info('Redis is back: limits hold across machines again');
    });
    this.tokens = new TokenCounter((error) => this.log.warn('prompt tokens could not be counted', { error }));
    this.metrics = metrics;
    this.events = new CallEvents((plugin, count) => this.log.warn('a callback lost events', { plugin, count }));
    this.ledger = ledger;
    this.journal = ledger?.journal;
    this.budgets = ledger?.budgets;
    this.keys = new Keys(options.masterKey, ledger?.keys);
    this.kernel = kernel;
    this.http = http;
    this.prices = prices;
    this.sharedState = sharedState;
    registerSecret(options.masterKey);
  }

  /** @throws GW_CONFIG_INVALID, GW_PLUGIN_* */
  static async start(options: RuntimeOptions, configuration: Configuration): Promise<Runtime> {
    const { config, environment } = configuration;
    const http = new UpstreamClient(httpSettings(config, environment));
    const prices = createPriceBook({ priceFile: readPriceFile(config) });
    const sharedState = new StateStore(options.publishState);
    const metrics = new GatewayMetrics(options.registry);
    collectProcessMetrics(options.registry);
    const kernel = new Kernel({
      bundle: options.bundle,
      base: options.load.cwd,
      onHook: ({ plugin, hook, outcome, ms, error }) => {
        metrics.hook(plugin, hook, outcome, ms);
        if (error !== undefined) options.log.warn('a plugin hook failed', { plugin, hook, outcome, error });
      },
      services: {
        logger: (plugin) => options.log.child({ plugin }),
        metrics: (plugin) => metrics.forPlugin(plugin),
        clock: { now: Date.now },
        random: Math.random,
        models: { facts: (provider, model) => prices.facts(provider, model) },
        http,
        state: sharedState,
        dataDir: config.server.dataDir,
      },
    });
    const ledger =
      options.ledger &&
      new LedgerSide({
        ...options.ledger,
        config,
        log: options.log,
        onAway: (isAway) => metrics.degraded('ledger_away', isAway),
      });
    const runtime = new Runtime(options, { kernel, http, prices, sharedState, metrics, ledger });
    await runtime.apply(configuration);
    return runtime;
  }

  get current(): RuntimeSnapshot {
    return this.snapshot;
  }

  get config(): GatewayConfig {
    return this.snapshot.config;
  }

  /** Counts a call on its snapshot; the pair of `left`. */
  entered(): RuntimeSnapshot {
    const { snapshot } = this;
    this.callsOf.set(snapshot, (this.callsOf.get(snapshot) ?? 0) + 1);
    this.callsServed += 1;
    return snapshot;
  }

  left({ snapshot }: Exchange): void {
    const calls = (this.callsOf.get(snapshot) ?? 1) - 1;
    this.callsOf.set(snapshot, calls);
    if (calls === 0 && this.retired.has(snapshot)) this.stopRetired(snapshot);
  }

  /** What is away or off, though this gateway serves. */
  get degraded(): readonly string[] {
    const away = [...(this.limits.isDegraded ? [REDIS_AWAY] : []), ...(this.ledger?.isAway ? [LEDGER_AWAY] : [])];
    return away.length === 0 ? this.off : [...this.off, ...away];
  }

  get callsUnderWay(): number {
    let calls = 0;
    for (const count of this.callsOf.values()) calls += count;
    return calls;
  }

  /** Reads the configuration anew. A failure leaves everything as it is. @throws GW_CONFIG_INVALID, GW_PLUGIN_* */
  async reload(): Promise<void> {
    await this.apply(await readConfiguration(this.options.bundle, this.options.load));
  }

  /** Any failure as one of ours; what is not ours is logged with its cause and told to nobody. */
  toError(thrown: unknown, exchange?: Exchange): GatewayError {
    if (!isGatewayError(thrown))
      this.log.error('a request failed unexpectedly', { callId: exchange?.callId, error: thrown });
    return toGatewayError(thrown);
  }

  /** Nano-dollars; undefined when the price is unknown. */
  costOf({ target: { deployment, model } }: Attempt, usage: Usage): number | undefined {
    const price = this.priceOf(deployment, model);
    return price && costOf(price, usage);
  }

  private priceOf(deployment: Deployment, model: string): Price | undefined {
    const baseModel = deployment.info['base_model'];
    return this.prices.priceOf({
      provider: deployment.provider,
      model,
      baseModel: typeof baseModel === 'string' ? baseModel : undefined,
      overrides: deployment.prices,
    });
  }

  /** `--detailed_debug`: the upstream request as a curl command, secrets masked. */
  showUpstreamRequest(exchange: Exchange, { url, headers, body }: PreparedCall): void {
    if (!exchange.snapshot.config.logging.detailedDebug) return;
    const shown = Object.entries(redactHeaders(headers)).map(([name, value]) => `-H '${name}: ${String(value)}'`);
    const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 10_000)).toString('utf8');
    this.log.debug(
      redactText(`curl -X POST ${url} ${shown.join(' ')} -d '${text.replaceAll("'", String.raw`'\''`)}'`),
      { callId: exchange.callId },
    );
  }

  async stop(): Promise<void> {
    this.tokens.stop();
    await this.ledger?.close();
    await this.limits.close();
    await this.kernel.stop();
    await this.http.close(1_000);
    await this.log.flush();
  }

  private async apply({ config, catalogue }: Configuration): Promise<void> {
    for (const secret of secretsOf(config)) registerSecret(secret);
    // Prices are first used in the middle of a call; what is wrong with them is said now.
    for (const { prices, source, modelName } of config.deployments) readPriceKeys(prices, source ?? modelName);
    const { uses, missing } = planOf(config, (name) => catalogue.find(name)?.manifest.id);
    const prepared = await this.kernel.prepare(catalogue, uses);
    const { graph } = prepared;
    let next: RuntimeSnapshot;
    try {
      next = this.snapshotOf(config, catalogue, graph);
    } catch (error) {
      await graph.stop();
      throw error;
    }
    const off = [...describeOff(config), ...missing];
    for (const deployment of config.deployments) {
      const refusal = graph.refused.get(keyOfProvider(deployment));
      if (refusal)
        off.push(
          `${deployment.modelName} → ${deployment.model} is off: ${refusal.message} (${deployment.source ?? 'configuration'})`,
        );
    }
    const former = this.snapshot as RuntimeSnapshot | undefined;
    this.kernel.commit(prepared);
    this.snapshot = next;
    this.off = off.map(redactText);
    this.state.keepOnly(config.deployments);
    this.events.use(config, graph);
    if (this.ledger) {
      this.ledger.catalog = modelCatalogOf(config);
      // Their lists of models were read by the former one's names.
      this.ledger.keys.forgetAll();
    }
    if (!former) return;
    this.retired.add(former);
    if ((this.callsOf.get(former) ?? 0) === 0) this.stopRetired(former);
  }

  /** @throws GW_PLUGIN_NOT_FOUND, GW_CONFIG_INVALID */
  private snapshotOf(
    config: GatewayConfig,
    catalogue: Configuration['catalogue'],
    graph: PluginGraph,
  ): RuntimeSnapshot {
    const strategy = graph.get<'strategy/v1'>(STRATEGY_KEY);
    if (!strategy) throw new GatewayError('GW_PLUGIN_NOT_FOUND', 'No routing strategy is installed.');
    let quietUntil = 0;
    return new RuntimeSnapshot({
      config,
      graph,
      strategy: { id: strategy.id, select: strategy.exports.select },
      state: this.state,
      recognise: recogniser(catalogue.manifests()),
      facts: {
        priceOf: ({ provider, prices: overrides }, model) => {
          const price = this.prices.priceOf({ provider, model, overrides });
          if (!price) return undefined;
          const { input, output } = perMillionTokens(price);
          return input + output;
        },
        maxInputTokensOf: ({ provider, info }, model) =>
          maxInputTokensIn(info) ?? this.prices.facts(provider, model)?.maxInputTokens,
      },
      limits: this.limits,
      guarding: {
        log: this.log,
        onRun: (run) => this.onGuardrail?.(run),
        areRunsKept: () => this.events.isListening,
      },
      now: () => this.clock.now(),
      random: this.random,
      onStrategyFault: (error) => {
        this.metrics.hook(strategy.id, 'select', 'error', 0);
        const now = this.clock.now();
        if (now < quietUntil) return;
        quietUntil = now + STRATEGY_WARNING_EVERY_MS;
        this.log.warn('the routing strategy failed; a deployment was chosen by chance', { plugin: strategy.id, error });
      },
    });
  }

  private stopRetired(snapshot: RuntimeSnapshot): void {
    this.retired.delete(snapshot);
    this.callsOf.delete(snapshot);
    void snapshot.graph.stop();
  }
}

/** @throws GW_CONFIG_INVALID */
const readPriceFile = ({ prices: { file } }: GatewayConfig): JsonObject => {
  if (file === undefined) return {};
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8')) as JsonValue;
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `general_settings.price_file: ${file} cannot be read as JSON.`, {
      cause,
    });
  }
  if (isJsonObject(parsed)) return parsed;
  throw new GatewayError(
    'GW_CONFIG_INVALID',
    `general_settings.price_file: ${file} must hold one object, model name → prices.`,
  );
};

/** `model_info.max_input_tokens`, the operator's word. */
const maxInputTokensIn = ({ max_input_tokens: most }: JsonObject): number | undefined =>
  typeof most === 'number' && most > 0 ? most : undefined;

const httpSettings = (
  config: GatewayConfig,
  env: Readonly<Record<string, string | undefined>>,
): HttpClientSettings => ({
  verifyTls: config.http.verifyTls,
  extraCa: config.http.caFile === undefined ? undefined : readFileSync(config.http.caFile, 'utf8'),
  forceIpv4: config.http.forceIpv4,
  connectTimeoutMs: config.router.connectTimeoutMs,
  allowedHosts: config.http.allowedHosts,
  proxy: proxyFromEnvironment(env),
});
