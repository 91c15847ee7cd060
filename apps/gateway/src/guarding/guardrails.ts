// The guardrails of a configuration, run through the kernel's containment.
import type { GatewayConfig } from '@turnpike/config';
import { isGatewayError } from '@turnpike/errors';
import type { PluginGraph } from '@turnpike/kernel';
import type {
  GuardrailContext,
  GuardrailMode,
  GuardrailRun,
  GuardrailVerdict,
  Logger,
  MaskedCounts,
} from '@turnpike/plugin-sdk';
import type { Admitted, Exchange } from '../pipeline/exchange.js';
import { keyOfGuardrail } from '../runtime/plan.js';
import { wishOf } from '../upstream/body-edits.js';
import { checkModes } from './check-modes.js';
import { GUARDED_VIEWS } from './guarded-view.js';
import { Look } from './look.js';
import { ModelGuardrails } from './model-guardrails.js';
import { blockedBy, type LookOutcome } from './outcome.js';
import { Selector, type ActiveGuardrail, type Selection } from './selection.js';
import { StreamGuards, type StreamGuard } from './stream-guards.js';

/** A guardrail often asks a model or a service. */
const DEADLINE_MS = 10_000;

export interface GuardrailsOptions {
  readonly log: Pick<Logger, 'error'>;
  /** Told of every look, off the road. Must not throw. */
  readonly onRun?: (run: GuardrailRun) => void;
  /** Somebody will ask the call for its looks. */
  readonly areRunsKept?: (exchange: Exchange) => boolean;
}

export class Guardrails {
  /** Some look at what is logged. */
  readonly haveLogs: boolean;
  private readonly all: readonly ActiveGuardrail[];
  private readonly selector: Selector;

  /** @throws GW_CONFIG_INVALID for one that could never run as it is configured */
  constructor(
    { guardrails, deployments }: Pick<GatewayConfig, 'guardrails' | 'deployments'>,
    graph: PluginGraph,
    private readonly options: GuardrailsOptions,
  ) {
    this.all = guardrails.flatMap((one, index) => {
      const instance = graph.get<'guardrail/v1'>(keyOfGuardrail(index));
      if (!instance) return [];
      checkModes(one, instance);
      return [{ settings: one, instance }];
    });
    const known = new Set(guardrails.map(({ name }) => name));
    this.haveLogs = this.all.some(({ settings: { modes } }) =>
      [modes.default, ...Object.values(modes.byTag)].flat().includes('logging_only'),
    );
    this.selector = new Selector(this.all, ModelGuardrails.of(deployments, known));
  }

  /** @throws as `Selector.select` */
  select(exchange: Admitted): Selection {
    return this.selector.select(exchange);
  }

  /** False: the deployment asks for one that did not look at the call. */
  mayAnswer(exchange: Admitted, deploymentId: string): boolean {
    return this.selector.mayAnswer(exchange, deploymentId);
  }

  /** Undefined: there is none. */
  named(name: string): ActiveGuardrail | undefined {
    return this.all.find(({ settings }) => settings.name === name);
  }

  /**
   * Runs those before the call, one after the other, each seeing what the former made of the request.
   * @throws GW_GUARDRAIL_BLOCKED, GW_PLUGIN_HOOK when one that is fail-closed fails, GW_INVALID_REQUEST
   */
  async before(exchange: Admitted, { preCall }: Selection): Promise<void> {
    const view = GUARDED_VIEWS[exchange.front.operation];
    for (const active of preCall) {
      const request = requestOf(exchange);
      const shown = view.request(request);
      const verdict = await this.look(exchange, active, 'pre_call', (context) =>
        active.instance.exports.preCall!.check(shown, context),
      );
      if (verdict?.action !== 'replace') continue;
      exchange.request = view.withRequest(request, verdict.value);
      exchange.isRewritten = true;
    }
  }

  /** Runs those beside the call, all at once. @throws as `before` */
  async beside(exchange: Admitted, { duringCall }: Selection): Promise<void> {
    const shown = GUARDED_VIEWS[exchange.front.operation].request(requestOf(exchange));
    await Promise.all(
      duringCall.map((active) =>
        this.look(exchange, active, 'during_call', (context) =>
          active.instance.exports.duringCall!.check(shown, context),
        ),
      ),
    );
  }

  /** For calls whose answers are looked at: what cannot be shown is refused before anybody is paid. @throws GW_INVALID_REQUEST */
  mustBeReadable(exchange: Admitted): void {
    GUARDED_VIEWS[exchange.front.operation].request(requestOf(exchange));
  }

  /** Runs those after the call. `answer` is the operation's own, and so is what comes back. @throws as `before` */
  async after(exchange: Exchange, answer: unknown): Promise<unknown> {
    const view = GUARDED_VIEWS[exchange.front.operation];
    let response = answer;
    for (const active of exchange.guardrails?.postCall ?? []) {
      const shown = view.response(response);
      if (!shown) break;
      const request = view.request(requestOf(exchange));
      const verdict = await this.look(exchange, active, 'post_call', (context) =>
        active.instance.exports.postCall!.check(shown, request, context),
      );
      if (verdict?.action === 'replace') response = view.withResponse(response, verdict.value);
    }
    return response;
  }

  /**
   * Those after the call, for a stream that they check as it comes. `whole`: one of them needs the whole answer; `pass`:
   * nobody wants to see it.
   * @throws GW_PLUGIN_HOOK, GW_INVALID_REQUEST
   */
  alongStream(exchange: Admitted, { postCall }: Selection): StreamGuards | 'whole' | 'pass' {
    if (postCall.some(({ instance }) => instance.exports.postCall?.stream === undefined)) return 'whole';
    const request = GUARDED_VIEWS[exchange.front.operation].request(requestOf(exchange));
    const guards: StreamGuard[] = [];
    for (const active of postCall) {
      const startedAt = performance.now();
      try {
        const look = new Look(exchange, active, 'post_call', exchange.signal);
        const stream = active.instance.exports.postCall!.stream!(request, look);
        if (!stream) return 'whole';
        if (stream !== 'pass') guards.push({ active, stream, ms: performance.now() - startedAt });
      } catch (cause) {
        const ms = performance.now() - startedAt;
        this.failed(exchange, active, 'post_call', active.instance.hooks.ran('stream', ms, cause), startedAt);
      }
    }
    if (guards.length === 0) return 'pass';
    return new StreamGuards(guards, (guard, outcome) => this.ended(exchange, guard, outcome));
  }

  /**
   * One look at one call, under a deadline.
   * @returns undefined when it failed and the call may go on all the same
   * @throws as `before`
   */
  async look<T>(
    exchange: Exchange,
    active: ActiveGuardrail,
    mode: GuardrailMode,
    check: (context: GuardrailContext) => Promise<GuardrailVerdict<T>>,
  ): Promise<Exclude<GuardrailVerdict<T>, { action: 'block' }> | undefined> {
    const { settings, instance } = active;
    const startedAt = performance.now();
    let verdict: GuardrailVerdict<T>;
    try {
      verdict = await instance.hooks.run(
        HOOKS[mode],
        settings.timeoutMs ?? DEADLINE_MS,
        (signal) => check(new Look(exchange, active, mode, signal)),
        mode === 'logging_only' ? undefined : exchange.signal,
      );
    } catch (error) {
      this.failed(exchange, active, mode, error, startedAt);
      return undefined;
    }
    if (verdict.action === 'block') {
      this.tell(exchange, active, mode, startedAt, { status: 'guardrail_intervened', message: verdict.message });
      throw blockedBy(active, verdict.message);
    }
    const masked = verdict.action === 'replace' ? verdict.masked : undefined;
    this.tell(exchange, active, mode, startedAt, { status: 'success', masked });
    return verdict;
  }

  /** @throws the failure, unless the call may go on without */
  private failed(
    exchange: Exchange,
    active: ActiveGuardrail,
    mode: GuardrailMode,
    error: unknown,
    startedAt: number,
  ): void {
    const code = isGatewayError(error) ? error.code : 'GW_INTERNAL';
    this.tell(exchange, active, mode, startedAt, { status: 'guardrail_failed_to_respond', error: code });
    if (!mayGoOn(active, error)) throw error;
    this.options.log.error('a guardrail failed, and the call went on without it', {
      callId: exchange.callId,
      guardrail: active.settings.name,
      mode,
    });
  }

  private ended(exchange: Exchange, { active, stream, ms }: StreamGuard, outcome: LookOutcome): void {
    const startedAt = performance.now() - ms;
    this.tell(exchange, active, 'post_call', startedAt, { ...outcome, masked: stream.masked });
  }

  private tell(
    exchange: Exchange,
    { settings, instance }: ActiveGuardrail,
    mode: GuardrailMode,
    startedAt: number,
    outcome: LookOutcome & { masked?: MaskedCounts },
  ): void {
    const { onRun, areRunsKept } = this.options;
    const ms = performance.now() - startedAt;
    if (mode === 'pre_call' || mode === 'post_call') exchange.guardedMs += ms;
    const isKept = areRunsKept?.(exchange) === true;
    if (!onRun && !isKept) return;
    const run: GuardrailRun = {
      name: settings.name,
      plugin: instance.id,
      mode,
      startedAt: Math.round(performance.timeOrigin + startedAt),
      ms,
      ...outcome,
    };
    onRun?.(run);
    if (isKept) (exchange.guardrailRuns ??= []).push(run);
  }
}

const HOOKS = {
  pre_call: 'preCall',
  during_call: 'duringCall',
  post_call: 'postCall',
  logging_only: 'logging',
} as const satisfies Record<GuardrailMode, string>;

/** The canonical request, made when the first of them wants to see it. */
const requestOf = (exchange: Exchange): unknown =>
  (exchange.request ??= exchange.front.toDomain(wishOf(exchange.body ?? {})));

const mayGoOn = ({ settings, instance }: ActiveGuardrail, error: unknown): boolean => {
  const policy = settings.onFailure ?? instance.failure;
  return policy === 'open' || (policy === 'open-when-unreachable' && isUnreachable(error));
};

/** As the contract has it: told by the plugin, or by the clock. */
const isUnreachable = (error: unknown): boolean =>
  isGatewayError(error) &&
  error.code === 'GW_PLUGIN_HOOK' &&
  (error.facts.cause as { isUnreachable?: unknown } | undefined)?.isUnreachable === true;
