// What background checks found, and how callbacks say they are.
import { Inject, Injectable } from '@nestjs/common';
import type { Deployment } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import { redactText } from '@turnpike/telemetry';
import type { Check } from '../runtime/health-board.js';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';

export interface ToldCheck {
  model_name: string;
  model_id: string;
  status: 'healthy' | 'unhealthy';
  response_time_ms: number;
  /** ISO 8601. */
  checked_at: string;
  error_message: string | null;
}

@Injectable()
export class HealthChecks {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** Newest first. */
  history(model?: string): ToldCheck[] {
    const { config, health } = this.runtime;
    const all = config.deployments
      .filter(({ modelName }) => model === undefined || modelName === model)
      .flatMap((deployment) => health.of(deployment).map((check) => [check, deployment] as const));
    return all.sort(([left], [right]) => right.at - left.at).map(([check, deployment]) => told(check, deployment));
  }

  /** By deployment id; what was not checked yet is not there. */
  latest(): Record<string, ToldCheck> {
    const { config, health } = this.runtime;
    return Object.fromEntries(
      config.deployments.flatMap((deployment) => {
        const last = health.of(deployment).at(-1);
        return last ? [[deployment.id, told(last, deployment)] as const] : [];
      }),
    );
  }

  /** @throws GW_INVALID_REQUEST for a callback that is not configured, GW_PLUGIN_HOOK when it does not work */
  async service(name: string | undefined): Promise<{ status: string; message: string }> {
    const { callbacks } = this.runtime.config;
    const configured = [...new Set([...callbacks.both, ...callbacks.success, ...callbacks.failure])];
    const instance = this.runtime.current.graph.get(`callback.${name ?? ''}`);
    if (name === undefined || !instance) {
      const choice = configured.length > 0 ? `Configured are ${configured.join(', ')}.` : 'No callback is configured.';
      throw invalidRequest(`There is no callback '${(name ?? '').slice(0, 100)}' to check. ${choice}`, 'service');
    }
    const { status, reason } = await instance.health();
    if (status === 'up') return { status: 'success', message: `${name} is up` };
    throw new GatewayError(
      'GW_PLUGIN_HOOK',
      `The callback '${name}' is ${status}: ${redactText(reason ?? 'it does not say why')}`,
    );
  }
}

const told = ({ at, ms, problem }: Check, { id, modelName }: Deployment): ToldCheck => ({
  model_name: modelName,
  model_id: id,
  status: problem === undefined ? 'healthy' : 'unhealthy',
  response_time_ms: ms,
  checked_at: new Date(at).toISOString(),
  error_message: problem ?? null,
});
