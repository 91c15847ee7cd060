// The guardrails of a configuration, called through the kernel's containment.
import type { GuardrailSettings } from '@turnpike/config';
import type { ChatRequest, ChatResponse } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { PluginGraph, PluginInstance } from '@turnpike/kernel';
import type { GuardrailContext, GuardrailVerdict } from '@turnpike/plugin-sdk';
import type { Exchange } from '../pipeline/exchange.js';
import { keyOfGuardrail } from './plan.js';

/** A guardrail often asks a model or a service. */
const HOOK_DEADLINE_MS = 10_000;

interface Active {
  name: string;
  instance: PluginInstance<'guardrail/v1'>;
}

const wants = (settings: GuardrailSettings, mode: string): boolean =>
  settings.defaultOn && settings.modes.includes(mode);

export class Guardrails {
  readonly preCall: readonly Active[];
  readonly postCall: readonly Active[];

  constructor(settings: readonly GuardrailSettings[], graph: PluginGraph) {
    const active = (mode: string, capability: 'preCall' | 'postCall'): Active[] =>
      settings.flatMap((one, index) => {
        const instance = graph.get<'guardrail/v1'>(keyOfGuardrail(index));
        return instance && wants(one, mode) && instance.exports[capability] ? [{ name: one.name, instance }] : [];
      });
    this.preCall = active('pre_call', 'preCall');
    this.postCall = active('post_call', 'postCall');
  }

  /**
   * Runs those before the call, one after the other, each seeing what the former made of the request.
   * @returns names of those that ran
   * @throws GW_GUARDRAIL_BLOCKED, GW_PLUGIN_HOOK when one that is fail-closed fails
   */
  async before(exchange: Exchange): Promise<string[]> {
    for (const { name, instance } of this.preCall) {
      exchange.request ??= exchange.front.toDomain(exchange.body ?? {});
      const request = exchange.request as ChatRequest;
      const verdict = await this.ask(instance, 'preCall', exchange, (signal) =>
        instance.exports.preCall!.check(request, contextOf(exchange, signal)),
      );
      if (verdict?.action === 'block') throw blocked(name, verdict.message);
      if (verdict?.action === 'replace') {
        exchange.request = verdict.value;
        exchange.isRewritten = true;
      }
    }
    return this.preCall.map(({ name }) => name);
  }

  /** Runs those after the call. @throws as `before` */
  async after(exchange: Exchange, answer: ChatResponse): Promise<ChatResponse> {
    let response = answer;
    for (const { name, instance } of this.postCall) {
      exchange.request ??= exchange.front.toDomain(exchange.body ?? {});
      const verdict = await this.ask(instance, 'postCall', exchange, (signal) =>
        instance.exports.postCall!.check(response, exchange.request as ChatRequest, contextOf(exchange, signal)),
      );
      if (verdict?.action === 'block') throw blocked(name, verdict.message);
      if (verdict?.action === 'replace') response = verdict.value;
    }
    return response;
  }

  private async ask<T>(
    instance: PluginInstance,
    hook: string,
    exchange: Exchange,
    body: (signal: AbortSignal) => Promise<GuardrailVerdict<T>>,
  ): Promise<GuardrailVerdict<T> | undefined> {
    try {
      return await instance.hooks.run(hook, HOOK_DEADLINE_MS, body, exchange.signal);
    } catch (error) {
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
