// Everything a call needs that comes from one configuration. A reload makes a new one; calls keep theirs.
import type { GatewayConfig } from '@turnpike/config';
import type { PluginGraph } from '@turnpike/kernel';
import type { SelectV1 } from '@turnpike/plugin-sdk';
import { ModelIndex, Router, type LiveState, type Target } from '@turnpike/router';
import type { IncomingHttpHeaders } from 'node:http';
import type { Deadlines } from '../pipeline/exchange.js';
import { Guardrails } from './guardrails.js';
import { ResponseCache } from './response-cache.js';
import { Callable } from './callable.js';
import { ClientConnections } from './client-connections.js';
import { keyOfProvider } from './plan.js';

export interface SnapshotOptions {
  config: GatewayConfig;
  graph: PluginGraph;
  strategy: SelectV1;
  state: LiveState;
  recognise: (model: string) => string | undefined;
  priceOf: (target: Target) => number | undefined;
}

/** Client headers that always travel on: they choose features of the upstream's API. */
const ALWAYS_FORWARDED = ['anthropic-beta'];

const NO_HEADERS: Readonly<Record<string, string>> = {};

export class RuntimeSnapshot {
  readonly config: GatewayConfig;
  readonly graph: PluginGraph;
  readonly index: ModelIndex;
  readonly router: Router;
  readonly guardrails: Guardrails;
  readonly cache: ResponseCache | undefined;
  /** What a request without wishes of its own gets; shared, so that it costs nothing. */
  readonly noDeadlines: Deadlines = { totalMs: 0, firstTokenMs: 0 };
  readonly clientConnections: ClientConnections;
  /** Connection parameters that some deployment lets clients set. */
  readonly clientParameters: ReadonlySet<string>;
  private readonly callables = new Map<string, Callable>();

  constructor({ config, graph, strategy, state, recognise, priceOf }: SnapshotOptions) {
    this.config = config;
    this.graph = graph;
    for (const deployment of config.deployments) {
      const provider = graph.get<'provider/v1'>(keyOfProvider(deployment));
      if (provider) this.callables.set(deployment.id, new Callable(deployment, provider));
    }
    this.index = new ModelIndex({ deployments: config.deployments, settings: config.router, recognise });
    this.router = new Router({
      index: this.index,
      strategy,
      state,
      isUsable: ({ deployment }) => this.callables.has(deployment.id),
      priceOf,
    });
    this.guardrails = new Guardrails(config.guardrails, graph);
    this.cache = ResponseCache.create(config.cache, graph);
    this.clientParameters = new Set(config.deployments.flatMap((deployment) => deployment.clientParams));
    this.clientConnections = new ClientConnections(config.auth.allowClientCredentials, this.clientParameters);
  }

  callable(deploymentId: string): Callable | undefined {
    return this.callables.get(deploymentId);
  }

  /** The caller's own wish, else the deployment's, else the router's. */
  deadlinesFor({ deployment }: Callable, asked: Deadlines): Deadlines {
    const { router } = this.config;
    const totalMs = asked.totalMs || deployment.timeoutMs || router.timeoutMs || router.requestTimeoutMs;
    return {
      totalMs,
      firstTokenMs: asked.firstTokenMs || deployment.streamTimeoutMs || router.streamTimeoutMs || totalMs,
    };
  }

  forwardedHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
    let forwarded: Record<string, string> | undefined;
    for (const name of ALWAYS_FORWARDED) {
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
