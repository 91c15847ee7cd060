// What all calls share: the current snapshot, keys, HTTP client, prices, metrics, log.
import {
  describeOff,
  namedCallback,
  readStoredCallback,
  type DisabledDeployment,
  type GatewayConfig,
  type JwtSettings,
} from '@turnpike/config';
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
  type ModelFacts,
  type Price,
  type PriceBook,
} from '@turnpike/pricing';
import { Limits, type Budgets, type LimitsOptions } from '@turnpike/limits';
import { LiveState } from '@turnpike/router';
import { collectProcessMetrics, redactText, registerSecret, type RootLogger } from '@turnpike/telemetry';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Registry } from 'prom-client';
import { Callbacks } from '../callbacks/callbacks.js';
import type { OpenCallback } from '../callbacks/key-callbacks.js';
import type { Attempt } from '../pipeline/attempt.js';
import type { Exchange } from '../pipeline/exchange.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { curlOf } from '../upstream/curl.js';
import type { PreparedCall } from '../upstream/prepare.js';
import { budgetAlert, BudgetEvents } from './budget-events.js';
import type { CallJournal } from './call-journal.js';
import { steadyClock } from './clock.js';
import { readConfiguration, type Configuration, type ConfigurationOptions } from './configuration.js';
import { CostEstimates } from './cost-estimates.js';
import { DEGRADED_STATES, degradedNow } from './degraded-states.js';
import { Duty } from './duty.js';
import { HealthBoard } from './health-board.js';
import { InternalCalls } from './internal-calls.js';
import { Losses } from './losses.js';
import { Keys } from './keys.js';
import type { Parties } from '../keys/parties.js';
import type { LedgerPlace } from '../start-options.js';
import { LedgerSide } from './ledger-side.js';
import { exposedSource, unknownNames } from '../metrics/exposed-tables.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { RedisMetrics } from '../metrics/redis-metrics.js';
import { gatewaySources } from '../metrics/sources/index.js';
import { LiveConfiguration } from './live-configuration.js';
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
  /** Of the connection to Redis that this process has, where it has one. */
  redisMetrics?: RedisMetrics;
  /** The key that management routes take: configured, or generated. */
  masterKey: string;
  /** Whom limits are asked of; absent: this worker counts alone. */
  limitAuthority?: LimitsOptions['authority'];
  /** What is known of deployments; shared with others where it is given. */
  state?: LiveState;
  ledger?: LedgerPlace;
  /** Sends a plugin's shared state to the other workers. */
  publishState?: (change: StateChange) => void;
}

/** A strategy that fails does so at every call. The log has it now and then, the metric each time. */
const STRATEGY_WARNING_EVERY_MS = 60_000;

/** For what callbacks have not been told yet when they stop. */
const CALLBACKS_FLUSH_MS = 3_000;

/** Larger answers than this are cut off unless the configuration says otherwise. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;

/** The log is told of so many models without a price. */
const MAX_UNPRICED = 1_000;

export class Runtime {
  readonly clock = steadyClock;
  readonly random = Math.random;
  readonly maxResponseBytes = MAX_RESPONSE_BYTES;
  readonly state: LiveState;
  readonly limits: Limits;
  readonly recentCalls = new RecentCalls();
  readonly tokens: TokenCounter;
  readonly metrics: GatewayMetrics;
  /** Events that callbacks were not told of. */
  private readonly losses: Losses;
  /** Of budgets that are nearly or wholly spent. */
  readonly budgetEvents: BudgetEvents;
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
  /** What bounds end users and tags; absent: there is no ledger. */
  readonly parties: Parties | undefined;
  /** The files and what is stored. */
  readonly live: LiveConfiguration;
  readonly estimates = new CostEstimates(
    (deployment, model) => this.priceOf(deployment, model),
    ({ provider }, cost) => this.snapshot.adjustments?.adjust(provider, cost).nanoUsd ?? cost,
  );
  /** How the deployments did when they were last checked. */
  readonly health: HealthBoard;
  /** What this worker does for all, once it is told to. */
  readonly duty = new Duty(this);
  /** Set once it is built; what the gateway asks itself goes by it. */
  road: Pipeline | undefined;
  isDraining = false;
  callsServed = 0;
  /** The last reload failed. */
  hasRefusedReload = false;
  /** What was configured and cannot be served, and why. */
  off: readonly string[] = [];
  /** The issuer of tokens does not tell its keys. */
  areJwtKeysAway = false;
  /** Models without a price that the log was told of. */
  private readonly unpriced = new Set<string>();
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
      budgetEvents,
      ledger,
    }: Pick<Runtime, 'kernel' | 'http' | 'prices' | 'sharedState' | 'metrics' | 'budgetEvents'> & {
      ledger: LedgerSide | undefined;
    },
  ) {
    this.log = options.log;
    this.state = options.state ?? new LiveState();
    this.limits = new Limits({ authority: options.limitAuthority, now: () => this.clock.now() });
    this.limits.onDegraded((isDegraded) => {
      this.tellState('redis_away', isDegraded);
      if (isDegraded) this.log.warn('Redis is away: limits hold on each machine alone until it is back');
      else this.log.info('Redis is back: limits hold across machines again');
    });
    this.tokens = new TokenCounter((error) => this.log.warn('prompt tokens could not be counted', { error }));
    this.metrics = metrics;
    this.losses = new Losses(this.log);
    this.budgetEvents = budgetEvents;
    this.ledger = ledger;
    this.journal = ledger?.journal;
    this.budgets = ledger?.budgets;
    this.parties = ledger?.parties;
    this.keys = new Keys(options.masterKey, ledger?.keys, ledger && (() => ledger.clock.now()));
    this.kernel = kernel;
    this.http = http;
    this.prices = prices;
    this.sharedState = sharedState;
    this.live = new LiveConfiguration({
      open: () => readConfiguration(options.bundle, options.load),
      load: ledger && (() => ledger.loadStored()),
      apply: (configuration) => this.apply(configuration),
      log: options.log,
    });
    this.health = new HealthBoard(this, sharedState.forPlugin('gateway.health'));
    registerSecret(options.masterKey);
  }

  /** @throws GW_CONFIG_INVALID, GW_PLUGIN_* */
  static async start(options: RuntimeOptions, configuration: Configuration): Promise<Runtime> {
    const { config, environment } = configuration;
    const http = new UpstreamClient(httpSettings(config, environment));
    const prices = createPriceBook({ priceFile: readPriceFile(config) });
    const sharedState = new StateStore(options.publishState);
    const metrics = new GatewayMetrics(config.metrics, options.registry, options.redisMetrics);
    collectProcessMetrics(options.registry);
    // Asked for embeddings only once all of this stands.
    const internalCalls: InternalCalls = new InternalCalls({
      road: (): Pipeline | undefined => runtime.road,
      entered: (): RuntimeSnapshot => runtime.entered(),
    });
    const kernel: Kernel = new Kernel({
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
        guardedHttp: http.guarded(),
        state: sharedState,
        embed: (request) => internalCalls.embed(request),
        dataDir: config.server.dataDir,
      },
    });
    const budgetEvents = new BudgetEvents(options.log, (event, group) => metrics.budgetEvent(event, group));
    const ledger =
      options.ledger &&
      new LedgerSide({
        place: options.ledger,
        config,
        log: options.log,
        book: metrics.book,
        onAway: (isAway) => runtime.tellState('ledger_away', isAway),
        onBudgetEvents: (events) => budgetEvents.told(events),
        onConfiguration: () => runtime.live.changed(),
      });
    const runtime: Runtime = new Runtime(options, { kernel, http, prices, sharedState, metrics, budgetEvents, ledger });
    budgetEvents.listen((event) =>
      runtime.current.callbacks.alert(budgetAlert(event, runtime.clock.now(), metrics.book)),
    );
    await runtime.live.start(configuration);
    runtime.tellMetrics(config.metrics);
    return runtime;
  }

  /** From here on figures of this runtime are read whenever somebody asks for the metrics. */
  private tellMetrics(settings: GatewayConfig['metrics']): void {
    const sources = gatewaySources(this);
    for (const source of sources) {
      const exposed = exposedSource(source, settings);
      if (exposed) this.metrics.sources.register(exposed);
    }
    const unknown = unknownNames(settings, sources);
    if (unknown.length > 0) this.log.warn('settings of metrics name what there is not', { names: unknown });
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

  /** Every worker notices, and tells; who hears of it tells it on once. */
  private tellState(state: string, hasBegun: boolean): void {
    const event = hasBegun ? 'began' : 'ended';
    const message = DEGRADED_STATES.find(({ name }) => name === state)?.message ?? '';
    const snapshot = this.snapshot as RuntimeSnapshot | undefined;
    snapshot?.callbacks.alert({ kind: 'state', event, state, message, at: Date.now() });
  }

  /** What is away or off, though this gateway serves. */
  get degraded(): readonly string[] {
    return [...this.off, ...degradedNow(this), ...this.live.degraded];
  }

  get callsUnderWay(): number {
    let calls = 0;
    for (const count of this.callsOf.values()) calls += count;
    return calls;
  }

  /** Reads the configuration anew. A failure leaves everything as it is. @throws GW_CONFIG_INVALID, GW_PLUGIN_* */
  async reload(): Promise<void> {
    this.hasRefusedReload = true;
    await this.live.reload();
    this.hasRefusedReload = false;
  }

  /** Any failure as one of ours; what is not ours is logged with its cause and told to nobody. */
  toError(thrown: unknown, exchange?: Exchange): GatewayError {
    if (!isGatewayError(thrown))
      this.log.error('a request failed unexpectedly', { callId: exchange?.callId, error: thrown });
    const error = toGatewayError(thrown);
    return error.code === 'GW_UNKNOWN_MODEL' && this.live.isAwaited ? notKnownYet(error) : error;
  }

  /** Nano-dollars; undefined when the price is unknown. */
  costOf({ target: { deployment, model } }: Attempt, usage: Usage): number | undefined {
    const price = this.priceOf(deployment, model);
    if (!price) this.noteUnpriced(deployment.provider, model);
    return price && costOf(price, usage);
  }

  /** Calls that cost something are not free in silence. */
  private noteUnpriced(provider: string, model: string): void {
    const name = `${provider} ${model}`;
    if (this.unpriced.has(name) || this.unpriced.size >= MAX_UNPRICED) return;
    this.unpriced.add(name);
    this.log.warn('the price of a model is not known: its calls are counted as free', { provider, model });
  }

  /**
   * @param model the upstream's name of it
   * @returns undefined: nobody states one
   */
  priceOf(deployment: Deployment, model: string): Price | undefined {
    return this.prices.priceOf({
      provider: deployment.provider,
      model,
      baseModel: baseModelOf(deployment),
      overrides: deployment.prices,
    });
  }

  /** @param model the upstream's name of it */
  facts(deployment: Deployment, model: string): ModelFacts | undefined {
    return this.prices.facts(deployment.provider, baseModelOf(deployment) ?? model);
  }

  /** `--detailed_debug`: the upstream request as a curl command, secrets masked. */
  showUpstreamRequest({ snapshot, callId }: Exchange, prepared: PreparedCall): void {
    if (snapshot.config.logging.detailedDebug) this.log.debug(curlOf(prepared), { callId });
  }

  async stop(): Promise<void> {
    this.duty.end();
    this.tokens.stop();
    this.live.close();
    await this.ledger?.close();
    await this.limits.close();
    await this.snapshot.callbacks.close(CALLBACKS_FLUSH_MS);
    this.losses.tell();
    await this.kernel.stop();
    await this.http.close(1_000);
    await this.log.flush();
  }

  private async apply(configuration: Configuration): Promise<void> {
    const { config: written, catalogue } = configuration;
    for (const secret of secretsOf(written)) registerSecret(secret);
    const config = withReadablePrices(written);
    const { uses, missing } = planOf(config, (name) => catalogue.find(name)?.manifest.id);
    const prepared = await this.kernel.prepare(catalogue, uses);
    const { graph } = prepared;
    let next: RuntimeSnapshot;
    try {
      next = this.snapshotOf(configuration, graph);
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
    const { jwt } = config.auth;
    const takeTokens = isDeepStrictEqual(former?.config.auth.jwt, jwt) ? undefined : await this.tokenTaker(jwt);
    this.kernel.commit(prepared);
    this.snapshot = next;
    this.off = off.map(redactText);
    this.state.keepOnly(config.deployments);
    if (takeTokens) takeTokens();
    this.ledger?.use(config);
    if (!former) return;
    this.retired.add(former);
    if ((this.callsOf.get(former) ?? 0) === 0) this.stopRetired(former);
  }

  /** What reads tokens is loaded where tokens are taken. */
  private async tokenTaker(settings: JwtSettings | undefined): Promise<() => void> {
    const { http, ledger, log } = this;
    const { tokenCallers } = settings ? await import('./token-callers.js') : {};
    const onAway = (isAway: boolean): void => {
      this.areJwtKeysAway = isAway;
    };
    return () => {
      onAway(false);
      const { master } = this.keys;
      this.keys.tokens = settings && tokenCallers?.({ settings, http, ledger, master, log, onAway });
    };
  }

  /** @throws GW_PLUGIN_NOT_FOUND, GW_CONFIG_INVALID */
  private snapshotOf(configuration: Configuration, graph: PluginGraph): RuntimeSnapshot {
    const { config, catalogue } = configuration;
    const strategy = graph.get<'strategy/v1'>(STRATEGY_KEY);
    if (!strategy) throw new GatewayError('GW_PLUGIN_NOT_FOUND', 'No routing strategy is installed.');
    let quietUntil = 0;
    return new RuntimeSnapshot({
      config,
      graph,
      strategy: { id: strategy.id, select: strategy.exports.select },
      callbacks: this.callbacksOf(configuration, graph),
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
      costOf: (attempt, usage) => this.costOf(attempt, usage),
      guarding: {
        log: this.log,
        onRun: (run) => this.metrics.guardrail(run),
        areRunsKept: (exchange) => exchange.snapshot.callbacks.mayHear(exchange),
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
    void snapshot.callbacks.close(CALLBACKS_FLUSH_MS).then(() => snapshot.graph.stop());
  }

  private callbacksOf({ config, catalogue, environment }: Configuration, graph: PluginGraph): Callbacks {
    const { turnOffMessageLogging, isCompulsory } = config.logging;
    const manifests = catalogue.manifests();
    const open: OpenCallback = async (name, variables) => {
      try {
        const envNames = config.auth.apiEnvNames;
        const { pluginSettings, callbacks } = config;
        const { id, settings } = readStoredCallback(name, variables, {
          manifests,
          environment,
          envNames,
          pluginSettings,
          named: callbacks.named,
        });
        const use = { id, key: `${id} of a key`, settings };
        const known = namedCallback(callbacks, name)?.settings ?? pluginSettings[id];
        const instance = await this.kernel.open<'callback/v1'>(use, originsIn(known));
        const { events } = instance.exports;
        return { events, hooks: instance.hooks, stop: () => instance.stop() };
      } catch (error) {
        this.log.warn('the callback of a key could not be opened', { callback: name, error });
        throw error;
      }
    };
    return new Callbacks({
      settings: config.callbacks,
      turnOffMessageLogging,
      isCompulsory,
      graph,
      open,
      onDropped: (name, count) => {
        this.losses.add(name, count);
        this.metrics.callbackFailed(name, count);
      },
      random: this.random,
    });
  }
}

/** `model_info.base_model`: what a deployment's name does not tell. */
const baseModelOf = ({ info }: Deployment): string | undefined => {
  const { base_model: name } = info;
  return typeof name === 'string' ? name : undefined;
};

const notKnownYet = (cause: unknown): GatewayError =>
  new GatewayError(
    'GW_LEDGER_UNAVAILABLE',
    'This may be a stored model, and stored models are not known yet: the ledger does not answer.',
    { param: 'model', retryAfterMs: 1_000, cause },
  );

/**
 * Prices are first used in the middle of a call; what is wrong with them is said now.
 * @throws GW_CONFIG_INVALID for those of the file; stored models are left out
 */
const withReadablePrices = (config: GatewayConfig): GatewayConfig => {
  const unreadable: DisabledDeployment[] = [];
  for (const { id, modelName, model, prices, source, isStored } of config.deployments) {
    try {
      readPriceKeys(prices, source ?? modelName);
    } catch (error) {
      if (!isStored || !isGatewayError(error)) throw error;
      unreadable.push({ id, modelName, model, reason: error.message, source });
    }
  }
  if (unreadable.length === 0) return config;
  const ids = new Set(unreadable.map(({ id }) => id));
  return {
    ...config,
    deployments: config.deployments.filter(({ id }) => !ids.has(id)),
    disabled: [...config.disabled, ...unreadable],
  };
};

/** Of the addresses in an operator's settings of a plugin. */
const originsIn = (settings: Readonly<JsonObject> = {}): ReadonlySet<string> =>
  new Set(
    Object.values(settings).flatMap((value) =>
      typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value) ? [new URL(value).origin] : [],
    ),
  );

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
