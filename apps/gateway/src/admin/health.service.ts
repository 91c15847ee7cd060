// What the health routes know, and how they ask providers without spending anything.
import { Inject, Injectable } from '@nestjs/common';
import type { Deployment } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import type { PluginInstance } from '@turnpike/kernel';
import { redactText, redactUrl } from '@turnpike/telemetry';
import type { IncomingHttpHeaders } from 'node:http';
import type { Connection } from '../keys/client-address.js';
import type { Principal } from '../pipeline/exchange.js';
import type { Callable } from '../runtime/callable.js';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';

const ASK_TIMEOUT_MS = 10_000;

export interface EndpointHealth {
  model: string;
  model_id?: string;
  api_base?: string;
  error?: string;
}

export interface ModelsHealth {
  healthy_endpoints?: EndpointHealth[];
  unhealthy_endpoints?: EndpointHealth[];
  healthy_count: number;
  unhealthy_count: number;
}

/** Of one model, or one deployment; empty: of all. */
export interface HealthWish {
  readonly model?: string;
  readonly modelId?: string;
}

@Injectable()
export class HealthService {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** Nobody, when the key is missing or wrong: this route answers everyone. */
  async callerOf(headers: IncomingHttpHeaders, connection: Connection): Promise<Principal | undefined> {
    try {
      const { keys, config } = this.runtime;
      return await keys.authenticateKey(headers, config.auth, '/health', connection);
    } catch {
      return undefined;
    }
  }

  counts(): ModelsHealth {
    const { usable, unusable } = this.split({});
    return { healthy_count: usable.length, unhealthy_count: unusable.length };
  }

  /** As the background checks found it, where they run; else each provider is asked now. */
  async of(wish: HealthWish): Promise<ModelsHealth> {
    return this.runtime.config.health.backgroundChecks ? this.asChecked(wish) : this.ask(wish);
  }

  /** Nobody is asked. What was not checked yet, or is not to be, is taken for well. */
  asChecked(wish: HealthWish): ModelsHealth {
    const { usable, unusable } = this.split(wish);
    const problems = new Map(
      usable.map((one) => [one, this.runtime.health.of(one.deployment).at(-1)?.problem] as const),
    );
    return this.told(usable, unusable, (one) => problems.get(one));
  }

  /** Asks each provider for its model list, once per connection: it costs nothing and proves address and key. */
  private async ask(wish: HealthWish): Promise<ModelsHealth> {
    const { usable, unusable } = this.split(wish);
    const problems = new Map<PluginInstance, string | undefined>();
    const waiting = [...new Set(usable.map(({ provider }) => provider))];
    const next = async (): Promise<void> => {
      for (let one = waiting.shift(); one; one = waiting.shift()) problems.set(one, await problemOf(one));
    };
    await Promise.all(Array.from({ length: this.runtime.config.health.concurrency }, next));
    return this.told(usable, unusable, ({ provider }) => problems.get(provider));
  }

  private told(
    usable: readonly Callable[],
    unusable: readonly EndpointHealth[],
    problemOfOne: (one: Callable) => string | undefined,
  ): ModelsHealth {
    const { tellsDetails } = this.runtime.config.health;
    const shown = ({ model, model_id, api_base, error }: EndpointHealth): EndpointHealth =>
      tellsDetails ? { model, model_id, api_base, error } : { model, model_id };
    const healthy = usable.filter((one) => problemOfOne(one) === undefined);
    const failing = usable.filter((one) => problemOfOne(one) !== undefined);
    return {
      healthy_endpoints: healthy.map(({ deployment }) => shown(describe(deployment))),
      unhealthy_endpoints: [
        ...failing.map((one) => shown({ ...describe(one.deployment), error: problemOfOne(one) })),
        ...unusable.map(shown),
      ],
      healthy_count: healthy.length,
      unhealthy_count: failing.length + unusable.length,
    };
  }

  private split({ model, modelId }: HealthWish): { usable: Callable[]; unusable: EndpointHealth[] } {
    const { config, current } = this.runtime;
    const wanted = config.deployments.filter(
      ({ modelName, id }) => (model === undefined || modelName === model) && (modelId === undefined || id === modelId),
    );
    const usable = wanted.map(({ id }) => current.callable(id)).filter((one) => one !== undefined);
    const refused = wanted
      .filter(({ id }) => !current.callable(id))
      .map((one) => ({ ...describe(one), error: 'the provider refused its settings; see the start-up log' }));
    const disabled = config.disabled
      .filter(({ modelName }) => modelId === undefined && (model === undefined || modelName === model))
      .map(({ model: upstream, reason }) => ({ model: upstream, error: reason }));
    return { usable, unusable: [...refused, ...disabled] };
  }
}

const problemOf = async (instance: PluginInstance<'provider/v1'>): Promise<string | undefined> => {
  const { models } = instance.exports;
  if (!models) return undefined;
  try {
    await models.list(AbortSignal.timeout(ASK_TIMEOUT_MS));
    return undefined;
  } catch (error) {
    return redactText(isGatewayError(error) ? error.message : 'the provider could not be asked');
  }
};

const describe = (deployment: Deployment): EndpointHealth => {
  const { api_base: base } = deployment.connection;
  return {
    model: `${deployment.provider.replace(/^provider\./, '')}/${deployment.model}`,
    model_id: deployment.id,
    ...(typeof base === 'string' ? { api_base: redactUrl(base) } : {}),
  };
};
