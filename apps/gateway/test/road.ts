// Routable calls for specs of the road: a router that works, a runtime that writes down what it is told, and upstreams
// that do what the spec says.
import { ROUTER_DEFAULTS, type Deployment, type RouterSettings, type Usage } from '@turnpike/domain';
import { GatewayError, toGatewayError, type ErrorCode, type ErrorFacts } from '@turnpike/errors';
import type { Denial, Permit } from '@turnpike/limits';
import { aDeployment } from '@turnpike/plugin-testkit';
import { LiveState, ModelIndex, NO_WISHES, Router } from '@turnpike/router';
import type { Attempt } from '../src/pipeline/attempt.js';
import type { Exchange, ExchangeInput, Outcome, Recalled } from '../src/pipeline/exchange.js';
import type { Runtime } from '../src/runtime/runtime.js';
import type { WaitingRoom } from '../src/runtime/waiting-room.js';
import type { ClientSide, StreamAnswer, StreamEnd, WholeAnswer } from '../src/upstream/answer.js';
import type { Transcript } from '../src/upstream/transcript.js';
import { UNBOUNDED_SET } from '../src/keys/bounds.js';
import { anExchange, callbacksFor, someCallers } from './doubles.js';

export const someUsage = (inputTokens: number, outputTokens: number): Usage => ({
  inputTokens,
  outputTokens,
  totalTokens: inputTokens + outputTokens,
});

/** An error as a provider's failure makes it. */
export const aFailure = (code: ErrorCode = 'GW_UPSTREAM_ERROR', facts: ErrorFacts = {}): GatewayError =>
  new GatewayError(code, `${code} of a test`, { provider: 'provider.sample', ...facts });

/** What the road tells of calls. */
export interface Told {
  /** Deployment id and code of each failed attempt. */
  readonly failedAttempts: [string, ErrorCode][];
  readonly recorded: Outcome[];
  readonly left: Exchange[];
  readonly logged: { message: string; facts: Readonly<Record<string, unknown>> }[];
  /** Deployment ids. */
  readonly cooledDown: string[];
}

/** Its clock is the machine's, which jest can stop; every token costs a nano-dollar. */
export const aRuntime = (changes: object = {}): { runtime: Runtime; told: Told } => {
  const told: Told = { failedAttempts: [], recorded: [], left: [], logged: [], cooledDown: [] };
  const log = (message: string, facts: Told['logged'][number]['facts'] = {}): void =>
    void told.logged.push({ message, facts });
  const runtime = {
    clock: { now: () => Date.now() },
    log: { info: log, warn: log, error: log, debug: log },
    metrics: {
      record: (_exchange: Exchange, outcome: Outcome) => void told.recorded.push(outcome),
      attemptFailed: ({ target }: Attempt, { code }: GatewayError) =>
        void told.failedAttempts.push([target.deployment.id, code]),
      cooledDown: ({ target }: Attempt) => void told.cooledDown.push(target.deployment.id),
    },
    recentCalls: { add: () => undefined },
    tokens: { count: () => Promise.resolve(undefined) },
    costOf: (_attempt: Attempt, { totalTokens }: Usage) => totalTokens,
    toError: toGatewayError,
    showUpstreamRequest: () => undefined,
    left: (exchange: Exchange) => void told.left.push(exchange),
    ...changes,
  };
  return { runtime: runtime as unknown as Runtime, told };
};

/** No retries, cooldowns or waits, unless the spec asks for them. */
export const someSettings = (changes: Partial<RouterSettings> = {}): RouterSettings => ({
  ...ROUTER_DEFAULTS,
  strategy: 'strategy.first',
  numRetries: 0,
  requestTimeoutMs: 600_000,
  disableCooldowns: true,
  ...changes,
});

/** `{ g: ['a', 'b'] }`: groups, and the ids of their deployments, which are called as their ids say. */
export type Groups = Readonly<Record<string, readonly string[]>>;

export interface SnapshotParts {
  groups?: Groups;
  settings?: Partial<RouterSettings>;
  /** Of each deployment. */
  deployment?: Partial<Deployment>;
  /** What limits say of a deployment. */
  takeAt?: (deploymentId: string, tokens: number) => Permit | Denial | Promise<Permit | Denial> | undefined;
  /** What limits say of the installation; absent: it has none. */
  takeGlobal?: (tokens: number) => Permit | Denial | Promise<Permit | Denial>;
  waitingRoom?: WaitingRoom;
  /** What guardrails say of a deployment. */
  mayAnswer?: (exchange: unknown, deploymentId: string) => boolean;
  /** Of a deployment. */
  maxInputTokens?: number;
  /** Other parts of the configuration. */
  config?: object;
}

/** Asks the deployments of a group in the order in which they stand there. */
export const aSnapshot = (parts: SnapshotParts = {}): ExchangeInput['snapshot'] => {
  const { groups = { g: ['a', 'b', 'c'] }, takeGlobal, waitingRoom } = parts;
  const { takeAt = () => undefined, mayAnswer = () => true } = parts;
  const settings = someSettings(parts.settings);
  const deployments = Object.entries(groups).flatMap(([modelName, ids]) =>
    ids.map((id) => aDeployment({ id, modelName, model: id, ...parts.deployment })),
  );
  const facts = {
    priceOf: () => undefined,
    maxInputTokensOf: () => parts.maxInputTokens,
    isUsable: () => true,
  };
  const router = new Router({
    index: new ModelIndex({ deployments, settings, state: new LiveState(), facts }),
    settings,
    strategy: { select: () => 0 },
    random: () => 0,
    onStrategyFault: (error) => {
      throw error;
    },
  });
  const snapshot = {
    callbacks: callbacksFor({}).callbacks,
    router,
    waitingRoom,
    guardrails: { haveLogs: false, mayAnswer },
    limits: {
      takeAt,
      hasGlobal: takeGlobal !== undefined,
      rulesFor: () => (takeGlobal ? [{ key: 'global' }] : []),
      take: (_rules: unknown, tokens: number) => takeGlobal?.(tokens),
      isGlobal: () => true,
    },
    config: { router: settings, logging: {}, requests: {}, auth: {}, callers: someCallers(), ...parts.config },
    addresses: { of: () => undefined },
  };
  return snapshot as unknown as ExchangeInput['snapshot'];
};

/** A call that is ready to be routed to the group `g`. */
export const aRecalled = (
  snapshot: ExchangeInput['snapshot'] = aSnapshot(),
  filled: Partial<Exchange> = {},
  input: Partial<ExchangeInput> = {},
): Recalled => {
  const { model = 'g' } = filled;
  return anExchange<Recalled>(
    {
      callId: 'call-1',
      body: {},
      model,
      wishes: NO_WISHES,
      resolution: snapshot.router.resolve(model),
      principal: { isAdmin: false, keyHash: 'key', keyAlias: '', teamId: '', userId: '' },
      parties: [],
      bounds: UNBOUNDED_SET,
      cache: 'off',
      ...filled,
    },
    { snapshot, ...input },
  );
};

export const aWholeAnswer = (text: string, changes: Partial<WholeAnswer> = {}): WholeAnswer => ({
  kind: 'whole',
  body: Buffer.from(text),
  usage: undefined,
  headers: {},
  ...changes,
});

/** A stream that says its words at once, and then ends as it is told. */
export class FakeStream implements StreamAnswer {
  readonly kind = 'stream';
  readonly headers = {};
  usage: Usage | undefined;
  isAborted = false;

  constructor(
    private readonly words: string,
    private readonly end: StreamEnd | Promise<StreamEnd> = { status: 'success' },
    transcript?: Transcript,
  ) {
    transcript?.hear({ type: 'text-delta', choice: 0, text: words });
  }

  estimateOutputTokens(): number {
    return this.words.length;
  }

  pipe(client: ClientSide): Promise<StreamEnd> {
    if (this.words !== '') client.write(this.words);
    return Promise.resolve(this.end);
  }

  errorFrame(body: string): string {
    return `<error>${body}</error>`;
  }

  abort(): void {
    this.isAborted = true;
  }
}

/** Until everything that needs no time has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
