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
const MAX_AT_ONCE = 8;

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
    const { usable, unusable } = this.split();
    return { healthy_count: usable.length, unhealthy_count: unusable.length };
  }

  /** Asks each provider for its model list, once per connection: it costs nothing and proves address and key. */
  async ask(model?: string): Promise<ModelsHealth> {
    const { usable, unusable } = this.split(model);
    const problems = new Map<PluginInstance, string | undefined>();
    const instances = [...new Set(usable.map(({ provider }) => provider))];
    for (let from = 0; from < instances.length; from += MAX_AT_ONCE) {
      await Promise.all(
        instances
          .slice(from, from + MAX_AT_ONCE)
          .map(async (instance) => problems.set(instance, await problemOf(instance))),
      );
    }
    const healthy = usable.filter(({ provider }) => problems.get(provider) === undefined);
    const failing = usable.filter(({ provider }) => problems.get(provider) !== undefined);
    return {
      healthy_endpoints: healthy.map(({ deployment }) => describe(deployment)),
      unhealthy_endpoints: [
        ...failing.map(({ deployment, provider }) => ({ ...describe(deployment), error: problems.get(provider) })),
        ...unusable,
      ],
      healthy_count: healthy.length,
      unhealthy_count: failing.length + unusable.length,
    };
  }

  private split(model?: string): { usable: Callable[]; unusable: EndpointHealth[] } {
    const { config, callable } = {
      config: this.runtime.config,
      callable: (id: string) => this.runtime.current.callable(id),
    };
    const wanted = config.deployments.filter(({ modelName }) => model === undefined || modelName === model);
    const usable = wanted.map(({ id }) => callable(id)).filter((one) => one !== undefined);
    const refused = wanted
      .filter(({ id }) => !callable(id))
      .map((one) => ({ ...describe(one), error: 'the provider refused its settings; see the start-up log' }));
    const disabled = config.disabled
      .filter(({ modelName }) => model === undefined || modelName === model)
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
