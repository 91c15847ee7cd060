// `validate_api_keys`: each provider is asked for its model list once, and a refused key is told of.
import { isGatewayError } from '@turnpike/errors';
import type { Runtime } from './runtime.js';

const TIMEOUT_MS = 10_000;

export const validateApiKeys = async (runtime: Runtime): Promise<void> => {
  const providers = runtime.current.graph.all().filter(({ contract }) => contract === 'provider/v1');
  await Promise.all(
    providers.map(async (instance) => {
      const { models } = (
        instance as (typeof providers)[number] & {
          exports: { models?: { list(signal: AbortSignal): Promise<readonly string[]> } };
        }
      ).exports;
      if (!models) return;
      try {
        await models.list(AbortSignal.timeout(TIMEOUT_MS));
      } catch (error) {
        const reason = isGatewayError(error) ? error.message : 'it could not be asked';
        runtime.log.warn(`validate_api_keys: ${reason}`, { plugin: instance.id });
      }
    }),
  );
};
