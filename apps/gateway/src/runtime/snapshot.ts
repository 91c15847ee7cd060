// Everything a call needs that comes from one configuration. A reload makes a new one; calls keep theirs.
import type { GatewayConfig, MarginSettings } from '@turnpike/config';
import type { PluginGraph } from '@turnpike/kernel';
import type { Limits } from '@turnpike/limits';
import type { SelectV1 } from '@turnpike/plugin-sdk';
import { ModelIndex, Router, type LiveState, type TargetFacts } from '@turnpike/router';
import type { IncomingHttpHeaders } from 'node:http';
import type { NanoUsd, Usage } from '@turnpike/domain';
import { parseUsd, PriceAdjustments, type AdjustmentSettings, type Margin } from '@turnpike/pricing';
import type { Attempt } from '../pipeline/attempt.js';
import type { Deadlines } from '../pipeline/exchange.js';
import { ClientAddresses } from '../keys/client-address.js';
import type { Callbacks } from '../callbacks/callbacks.js';
import { Guardrails, type GuardrailsOptions } from '../guarding/guardrails.js';
import { FEATURE_HEADERS } from '../upstream/feature-headers.js';
import { ResponseCache } from '../cache/response-cache.js';
import { Callable } from './callable.js';
import { ClientConnections } from './client-connections.js';
import { GatewayLimits } from './gateway-limits.js';
import { keyOfProvider } from './plan.js';
import { WaitingRoom } from './waiting-room.js';

export interface SnapshotOptions {
  config: GatewayConfig;
  graph: PluginGraph;
  strategy: { readonly id: string; readonly select: SelectV1 };
  state: LiveState;
  recognise: (model: string) => string | undefined;
  facts: Omit<TargetFacts, 'isUsable'>;
  callbacks: Callbacks;
  limits: Limits;
  /** Epoch milliseconds. */
  now: () => number;
  random: () => number;
  onStrategyFault: (error: unknown) => void;
  costOf: CostOf;
  guarding: GuardrailsOptions;
}

/** Nano-dollars by the price of an attempt's deployment; undefined: none is known. */
export type CostOf = (attempt: Attempt, usage: Usage) => NanoUsd | undefined;

/** A stream that is silent for longer is dead, whatever the timeouts say. */
const MAX_IDLE_MS = 600_000;

const NO_HEADERS: Readonly<Record<string, string>> = {};

export class RuntimeSnapshot {
  readonly config: GatewayConfig;
  readonly graph: PluginGraph;
  readonly index: ModelIndex;
  /** Plugin id. */
  readonly strategyId: string;
  readonly router: Router;
  readonly guardrails: Guardrails;
  readonly cache: ResponseCache | undefined;
  readonly callbacks: Callbacks;
  readonly limits: GatewayLimits;
  readonly addresses: ClientAddresses;
  /** Absent: what finds no room is refused. */
  readonly waitingRoom: WaitingRoom | undefined;
  /** What a request without wishes of its own gets; shared, so that it costs nothing. */
  readonly noDeadlines: Deadlines = { attemptMs: 0, firstTokenMs: 0, idleMs: 0, connectMs: 0 };
  readonly clientConnections: ClientConnections;
  readonly costOf: CostOf;
  /** What operators take off costs, and put on them; absent: nothing. */
  readonly adjustments: PriceAdjustments | undefined;
  /** Connection parameters that some deployment lets clients set. */
  readonly clientParameters: ReadonlySet<string>;
  private readonly callables = new Map<string, Callable>();

  constructor({
    config,
    graph,
    strategy,
    state,
    recognise,
    facts,
    callbacks,
    limits,
    now,
    random,
    onStrategyFault,
    costOf,
    guarding,
  }: SnapshotOptions) {
    this.costOf = costOf;
    this.adjustments = PriceAdjustments.of(adjustmentsOf(config));
    this.config = config;
    this.graph = graph;
    this.callbacks = callbacks;
    this.strategyId = strategy.id;
    for (const deployment of config.deployments) {
      const provider = graph.get<'provider/v1'>(keyOfProvider(deployment));
      if (provider) this.callables.set(deployment.id, new Callable(deployment, provider, deployment.isGuarded));
    }
    this.index = new ModelIndex({
      deployments: config.deployments,
      settings: config.router,
      state,
      facts: { ...facts, isUsable: ({ id }) => this.callables.has(id) },
      recognise,
    });
    this.limits = new GatewayLimits(limits, config);
    this.addresses = new ClientAddresses(config.auth);
    this.router = new Router({
      limits: this.limits.hasDeployments ? this.limits : undefined,
      index: this.index,
      settings: config.router,
      strategy: strategy.select,
      random,
      onStrategyFault,
    });
    this.guardrails = new Guardrails(config, graph, guarding);
    const { enableQueue, queueMaxSize, queueTimeoutMs: maxWaitMs } = config.limits;
    // Connections are dealt out evenly, and so is the room to wait.
    const maxSize = Math.ceil(queueMaxSize / config.server.numWorkers);
    this.waitingRoom = enableQueue ? new WaitingRoom({ maxSize, maxWaitMs }, now) : undefined;
    this.cache = ResponseCache.create(config.cache, graph);
    this.clientParameters = new Set(config.deployments.flatMap((deployment) => deployment.clientParams));
    this.clientConnections = new ClientConnections(config.auth.allowClientCredentials, this.clientParameters);
  }

  callable(deploymentId: string): Callable | undefined {
    return this.callables.get(deploymentId);
  }

  /**
   * The caller's own wish, else the deployment's, else the router's.
   * @param leftMs of the whole call's time
   */
  deadlinesFor({ deployment }: Callable, asked: Deadlines, leftMs: number): Deadlines {
    const { router } = this.config;
    const attemptMs = asked.attemptMs || deployment.timeoutMs || router.timeoutMs || router.requestTimeoutMs;
    const firstTokenMs = asked.firstTokenMs || deployment.streamTimeoutMs || router.streamTimeoutMs || attemptMs;
    const idleMs = asked.idleMs || deployment.streamIdleTimeoutMs || router.streamIdleTimeoutMs || attemptMs;
    return {
      attemptMs: Math.min(attemptMs, leftMs),
      firstTokenMs: Math.min(firstTokenMs, leftMs),
      idleMs: Math.min(idleMs, MAX_IDLE_MS),
      connectMs: asked.connectMs || (deployment.connectTimeoutMs ?? 0),
    };
  }

  forwardedHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
    let forwarded: Record<string, string> | undefined;
    for (const name of FEATURE_HEADERS) {
      const value = headers[name];
      if (typeof value === 'string') (forwarded ??= {})[name] = value;
    }
    if (this.config.requests.forwardClientHeaders) {
      for (const [name, value] of Object.entries(headers)) {
        if (
          name.startsWith('x-') &&
          !name.startsWith('x-litellm-') &&
          !name.endsWith('api-key') &&
          typeof value === 'string'
        ) {
          (forwarded ??= {})[name] = value;
        }
      }
    }
    return forwarded ?? NO_HEADERS;
  }
}

const adjustmentsOf = ({ prices: { discounts, margins, margin } }: GatewayConfig): AdjustmentSettings => ({
  discounts,
  margins: Object.fromEntries(Object.entries(margins).map(([provider, one]) => [provider, marginOf(one)])),
  margin: margin && marginOf(margin),
});

const marginOf = ({ rate, fixedUsd }: MarginSettings): Margin => ({ rate, fixedNanoUsd: parseUsd(fixedUsd) });
