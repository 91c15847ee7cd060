// What gateway specs put in place of plugins, connections and calls; each fills in what a test does not care about.
import type { GatewayConfig } from '@turnpike/config';
import type { Deployment } from '@turnpike/domain';
import { Containment, type PluginGraph, type PluginInstance } from '@turnpike/kernel';
import type { ContractName, Contracts } from '@turnpike/plugin-sdk';
import { aDeployment, FakeClock } from '@turnpike/plugin-testkit';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { LiveState, type Choice, type Routing } from '@turnpike/router';
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

export const aFront = (changes: Partial<Front> = {}): Front =>
  ({ dialect: 'openai', operation: 'chat', route: '/v1/chat/completions', ...changes }) as Front;

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
    snapshot: (input.snapshot ?? {}) as ExchangeInput['snapshot'],
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
