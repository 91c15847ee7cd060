// The guardrails of a configuration, called through the kernel's containment.
import type { GuardrailSettings } from '@turnpike/config';
import { GatewayError, isGatewayError } from '@turnpike/errors';
import type { PluginGraph, PluginInstance } from '@turnpike/kernel';
import type { GuardrailContext, GuardrailVerdict } from '@turnpike/plugin-sdk';
import type { Exchange } from '../pipeline/exchange.js';
import type { GuardrailRun } from '../metrics/gateway-metrics.js';
import { wishOf } from '../upstream/body-edits.js';
import { GUARDED_VIEWS } from './guarded-view.js';
import { keyOfGuardrail } from './plan.js';

/** A guardrail often asks a model or a service. */
const HOOK_DEADLINE_MS = 10_000;

interface Active {
  name: string;
  instance: PluginInstance<'guardrail/v1'>;
}

/** Modes that are run, and what a plugin must have for them. */
const RUN = { pre_call: 'preCall', post_call: 'postCall' } as const;

const wants = (settings: GuardrailSettings, mode: string): boolean =>
  settings.defaultOn && settings.modes.includes(mode);

/** One that is not run protects nobody, so it stops the start. @throws GW_CONFIG_INVALID */
const checkModes = ({ name, plugin, modes }: GuardrailSettings, { exports }: PluginInstance<'guardrail/v1'>): void => {
  for (const mode of modes) {
    const capability = Object.hasOwn(RUN, mode) ? RUN[mode as keyof typeof RUN] : undefined;
    if (capability && exports[capability]) continue;
    const offered = Object.entries(RUN).flatMap(([known, needed]) => (exports[needed] ? [known] : []));
    const why = capability ? `${plugin} does not check there` : 'this version does not run it';
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      `The guardrail '${name}' cannot run in the mode ${mode}: ${why}. Take ${offered.join(' or ')}.`,
    );
  }
};

export class Guardrails {
  readonly preCall: readonly Active[];
  readonly postCall: readonly Active[];

  /** @param onRun told of each run. Must not throw */
  constructor(
    settings: readonly GuardrailSettings[],
    graph: PluginGraph,
    private readonly onRun: (run: GuardrailRun) => void = () => undefined,
  ) {
    settings.forEach((one, index) => {
      const instance = graph.get<'guardrail/v1'>(keyOfGuardrail(index));
      if (instance) checkModes(one, instance);
    });
    const active = (mode: keyof typeof RUN): Active[] =>
      settings.flatMap((one, index) => {
        const instance = graph.get<'guardrail/v1'>(keyOfGuardrail(index));
        return instance && wants(one, mode) ? [{ name: one.name, instance }] : [];
      });
    this.preCall = active('pre_call');
    this.postCall = active('post_call');
  }

  /**
   * Runs those before the call, one after the other, each seeing what the former made of the request.
   * @returns names of those that ran
   * @throws GW_GUARDRAIL_BLOCKED, GW_PLUGIN_HOOK when one that is fail-closed fails
   */
  async before(exchange: Exchange): Promise<string[]> {
    const view = GUARDED_VIEWS[exchange.front.operation];
    for (const { name, instance } of this.preCall) {
      exchange.request ??= exchange.front.toDomain(wishOf(exchange.body ?? {}));
      const { request } = exchange;
      const shown = view.request(request);
      const verdict = await this.ask({ name, instance }, 'preCall', exchange, (signal) =>
        instance.exports.preCall!.check(shown, contextOf(exchange, signal)),
      );
      if (verdict?.action === 'block') throw blocked(name, verdict.message);
      if (verdict?.action === 'replace') {
        exchange.request = view.withRequest(request, verdict.value);
        exchange.isRewritten = true;
      }
    }
    return this.preCall.map(({ name }) => name);
  }

  /** Runs those after the call. `answer` is the operation's own, and so is what comes back. @throws as `before` */
  async after(exchange: Exchange, answer: unknown): Promise<unknown> {
    const view = GUARDED_VIEWS[exchange.front.operation];
    let response = answer;
    for (const { name, instance } of this.postCall) {
      const shown = view.response(response);
      if (!shown) break;
      exchange.request ??= exchange.front.toDomain(wishOf(exchange.body ?? {}));
      const request = view.request(exchange.request);
      const verdict = await this.ask({ name, instance }, 'postCall', exchange, (signal) =>
        instance.exports.postCall!.check(shown, request, contextOf(exchange, signal)),
      );
      if (verdict?.action === 'block') throw blocked(name, verdict.message);
      if (verdict?.action === 'replace') response = view.withResponse(response, verdict.value);
    }
    return response;
  }

  private async ask<T>(
    { name, instance }: Active,
    hook: 'preCall' | 'postCall',
    exchange: Exchange,
    body: (signal: AbortSignal) => Promise<GuardrailVerdict<T>>,
  ): Promise<GuardrailVerdict<T> | undefined> {
    const startedAt = performance.now();
    const told = (status: string, error?: string): void => {
      const ms = performance.now() - startedAt;
      exchange.guardedMs += ms;
      const mode = hook === 'preCall' ? 'pre_call' : 'post_call';
      this.onRun({ name, mode, status, ms, error });
    };
    try {
      const verdict = await instance.hooks.run(hook, HOOK_DEADLINE_MS, body, exchange.signal);
      // A plugin in plain JavaScript may return nothing.
      told((verdict as typeof verdict | undefined)?.action === 'block' ? 'guardrail_intervened' : 'success');
      return verdict;
    } catch (error) {
      told('guardrail_failed_to_respond', isGatewayError(error) ? error.code : 'error');
      if (instance.failure === 'closed') throw error;
      return undefined;
    }
  }
}

const blocked = (name: string, message: string): GatewayError =>
  new GatewayError('GW_GUARDRAIL_BLOCKED', `Stopped by the guardrail '${name}': ${message}`);

const contextOf = (exchange: Exchange, signal: AbortSignal): GuardrailContext => ({
  callId: exchange.callId,
  keyHash: exchange.principal?.keyHash,
  teamId: exchange.principal?.teamId,
  metadata: {},
  signal,
});
