// What gateway specs put in place of plugins, connections and calls; each fills in what a test does not care about.
import type {
  CallbackSettings,
  CallerSettings,
  GatewayConfig,
  JwtClaims,
  JwtSettings,
  MetricsSettings,
} from '@turnpike/config';
import type { Deployment } from '@turnpike/domain';
import { Containment, type PluginGraph, type PluginInstance } from '@turnpike/kernel';
import type { CallbackV1, ContractName, Contracts } from '@turnpike/plugin-sdk';
import { aDeployment, FakeClock } from '@turnpike/plugin-testkit';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { LiveState, type Choice, type Routing } from '@turnpike/router';
import { Callbacks, type CallbacksOptions } from '../src/callbacks/callbacks.js';
import { Attempt } from '../src/pipeline/attempt.js';
import { Exchange, type ExchangeInput, type Recalled } from '../src/pipeline/exchange.js';
import { NO_GUARDRAILS, type Selection } from '../src/guarding/selection.js';
import type { Front } from '../src/routes/front.js';

/** A plugin that runs, its hooks watched over as the kernel does. */
export const anInstance = <C extends ContractName>(
  id: string,
  exports: Contracts[C],
  failure: 'open' | 'closed' = 'open',
): PluginInstance<C> =>
  ({
    id,
    exports,
    failure,
    hooks: new Containment({ plugin: id, clock: new FakeClock(), onEvent: () => undefined }),
  }) as unknown as PluginInstance<C>;

export const aGraph = (instances: Readonly<Record<string, unknown>>): PluginGraph =>
  ({ get: (key: string) => instances[key] }) as unknown as PluginGraph;

/** Guardrails that are only known by name. */
export const aSelection = (...names: string[]): Selection => ({ ...NO_GUARDRAILS, names });

/** The parts of a configuration that a test names; the others are not there. */
export const aConfig = (parts: object): GatewayConfig => parts as GatewayConfig;

/** What `/metrics` tells unless the configuration says otherwise. */
export const someMetrics = (changes: Partial<MetricsSettings> = {}): MetricsSettings => ({
  requireAuth: false,
  metadataLabels: [],
  tags: [],
  groups: [],
  excludedMetrics: [],
  excludedLabels: [],
  maxSeries: undefined,
  idleMs: undefined,
  hasStreamLabel: false,
  hasEndUserLabel: false,
  tellsAllBudgets: false,
  ...changes,
});

export const aFront = (changes: Partial<Front> = {}): Front =>
  ({ dialect: 'openai', operation: 'chat', route: '/v1/chat/completions', ...changes }) as Front;

/** Callbacks of a configuration in which these are running, and what is lost of what they are told. */
export const callbacksFor = (
  listening: Readonly<Record<string, CallbackV1['events']>>,
  { settings, ...changes }: Omit<Partial<CallbacksOptions>, 'settings'> & { settings?: Partial<CallbackSettings> } = {},
): { callbacks: Callbacks; lost: Record<string, number> } => {
  const lost: Record<string, number> = {};
  const instances = Object.entries(listening).map(([name, events]) => [
    `callback.${name}`,
    anInstance<'callback/v1'>(`callback.${name}`, { events }),
  ]);
  const callbacks = new Callbacks({
    settings: {
      both: settings ? [] : Object.keys(listening),
      success: [],
      failure: [],
      alerts: [],
      named: {},
      withoutContent: [],
      ...settings,
    },
    turnOffMessageLogging: false,
    isCompulsory: false,
    graph: aGraph(Object.fromEntries(instances) as Record<string, unknown>),
    open: () => Promise.reject(new Error('no key brings one')),
    onDropped: (name, count) => (lost[name] = (lost[name] ?? 0) + count),
    random: () => 0.5,
    ...changes,
  });
  return { callbacks, lost };
};

/** Nothing is asked of requests, and no header names anybody, unless the test says so. */
export const someCallers = (changes: Partial<CallerSettings> = {}): CallerSettings => ({
  customerHeaders: [],
  internalUserHeaders: [],
  tagHeaders: [],
  isCustomerCostIgnored: false,
  requiresUser: false,
  refusesClientTags: false,
  enforcedParams: [],
  serviceAccountParams: [],
  ...changes,
});

/** What every call reads of its snapshot. */
export const someSnapshot = (callers: Partial<CallerSettings> = {}): object => ({
  config: { callers: someCallers(callers), logging: {} },
  addresses: { of: () => undefined },
  guardrails: { haveLogs: false },
});

const NO_CLAIMS: JwtClaims = {
  team: undefined,
  teams: undefined,
  user: undefined,
  email: undefined,
  organization: undefined,
  customer: undefined,
  roles: undefined,
  userRoles: undefined,
  object: undefined,
};

/** Tokens as LiteLLM takes them, of whose claims none is read unless the test says so. */
export const someJwtSettings = ({
  claims,
  ...changes
}: Partial<Omit<JwtSettings, 'claims'>> & { claims?: Partial<JwtClaims> } = {}): JwtSettings => ({
  keyUrls: ['http://idp/jwks'],
  audience: [],
  issuer: [],
  leewayMs: 0,
  keyTtlMs: 600_000,
  keyStaleTtlMs: 3_600_000,
  claims: { ...NO_CLAIMS, ...claims },
  userInfo: undefined,
  adminScope: 'litellm_proxy_admin',
  adminRoutes: ['management_routes', 'info_routes'],
  teamRoutes: ['openai_routes', 'info_routes'],
  defaultTeam: undefined,
  emailDomain: undefined,
  userRoles: undefined,
  sync: undefined,
  upsertUser: false,
  upsertTeam: false,
  enforceRbac: false,
  enforceTeam: false,
  enforceScopes: false,
  roleMappings: [],
  scopeMappings: [],
  rolePermissions: [],
  ...changes,
});

/** A call on its road, with what the stages before are said to have filled in. */
export const anExchange = <E extends Exchange = Exchange>(
  filled: Partial<E> = {},
  input: Partial<Omit<ExchangeInput, 'snapshot'>> & { snapshot?: object } = {},
): E => {
  const exchange = new Exchange({
    front: aFront(),
    headers: {},
    raw: undefined,
    response: new FakeResponse().asResponse(),
    ...input,
    snapshot: {
      ...someSnapshot(),
      callbacks: callbacksFor({}).callbacks,
      ...input.snapshot,
    } as ExchangeInput['snapshot'],
  });
  return Object.assign(exchange, filled) as E;
};

/** An attempt of this call at a deployment, for specs of what comes after the choice. */
export const anAttempt = (
  exchange: Exchange = anExchange(),
  { deployment, ...filled }: Partial<Omit<Attempt, 'choice'>> & { deployment?: Partial<Deployment> } = {},
): Attempt => {
  const own = aDeployment(deployment);
  const target = { deployment: own, model: 'upstream', state: new LiveState().of(own) };
  const choice = {
    kind: 'attempt',
    level: { group: { name: 'g', targets: [target] }, targets: [target] },
    target,
    reason: 'strategy',
    retry: 0,
    fallback: 0,
  } as unknown as Choice;
  const attempt = Object.assign(new Attempt(exchange as Recalled, choice, undefined), filled);
  exchange.attempts = [...exchange.attempts, attempt];
  exchange.attempt = attempt;
  exchange.routing ??= { retries: 0, fallbacks: 0 } as Routing;
  return attempt;
};

/** A client's response that writes down what it is given, and is full whenever it is told to be. */
export class FakeResponse extends EventEmitter {
  readonly written: string[] = [];
  readonly req = { socket: { remoteAddress: '192.0.2.1' } };
  status: number | undefined;
  headers: Record<string, string> = {};
  headersSent = false;
  destroyed = false;
  ended = false;
  isFull = false;

  writeHead(status: number, headers: readonly string[]): this {
    this.status = status;
    this.headersSent = true;
    for (let at = 0; at < headers.length; at += 2) this.headers[headers[at]!] = headers[at + 1]!;
    return this;
  }

  write(piece: string | Buffer): boolean {
    this.written.push(piece.toString());
    return !this.isFull;
  }

  end(piece?: string | Buffer): this {
    if (piece !== undefined) this.written.push(piece.toString());
    this.ended = true;
    return this;
  }

  destroy(): this {
    this.destroyed = true;
    return this;
  }

  /** The client has read what was written. */
  drain(): void {
    this.isFull = false;
    this.emit('drain');
  }

  get text(): string {
    return this.written.join('');
  }

  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

/** A request under way that writes down how it is steered. */
export class FakeTransfer {
  readonly steps: ('abort' | 'pause' | 'resume')[] = [];

  abort(): void {
    this.steps.push('abort');
  }

  pause(): void {
    this.steps.push('pause');
  }

  resume(): void {
    this.steps.push('resume');
  }
}
