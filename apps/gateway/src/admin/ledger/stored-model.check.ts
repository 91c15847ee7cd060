// Looks at a model before it is stored: whether this gateway could call it, so that what is wrong is told to whoever asks.
import { withChanges, type GatewayConfig, type StoredModel } from '@turnpike/config';
import { GatewayError, invalidRequest, isGatewayError } from '@turnpike/errors';
import type { UpdateModelRequest } from '@turnpike/rpc';
import type { Filled } from './fields.js';
import { useOfProvider } from '../../runtime/plan.js';
import type { Runtime } from '../../runtime/runtime.js';

/**
 * @throws GW_INVALID_REQUEST for what would be off, GW_ALREADY_EXISTS for the id of a model of the file,
 *   GW_EGRESS_REFUSED for an address that is not public
 */
export const assertCallable = async (runtime: Runtime, model: StoredModel): Promise<void> => {
  const read = (): GatewayConfig => runtime.live.readWith({ models: [model] });
  let config = read();
  // Its credential may have been made a moment ago, by another worker.
  if (config.disabled.some(({ id }) => id === model.id)) {
    await runtime.live.settled();
    config = read();
  }
  const { deployments, disabled } = config;
  const off = disabled.find(({ id }) => id === model.id);
  if (off)
    throw invalidRequest(`This model could not be called: ${off.reason}.`.replace(/\.\.$/, '.'), 'litellm_params');
  for (const deployment of deployments.filter(({ isStored }) => isStored)) {
    if (deployments.some(({ id, isStored }) => !isStored && id === model.id))
      throw new GatewayError(
        'GW_ALREADY_EXISTS',
        `A model of the configuration file has the id '${model.id}'. Choose another one.`,
        { param: 'model_info.id' },
      );
    try {
      await runtime.kernel.check(useOfProvider(deployment));
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      throw new GatewayError('GW_INVALID_REQUEST', error.message, { param: 'litellm_params', cause: error });
    }
    const { api_base: address } = deployment.connection;
    if (deployment.isGuarded && typeof address === 'string' && URL.canParse(address))
      await runtime.http.checkAddress(new URL(address));
  }
};

/** The same for a change of a model that is in use here. */
export const assertStillCallable = async (
  runtime: Runtime,
  { modelId, modelName, litellmParams, modelInfo }: Filled<UpdateModelRequest>,
): Promise<void> => {
  // Another worker may have changed it a moment ago.
  await runtime.live.settled();
  const current = runtime.live.stored.models.find(({ id }) => id === modelId);
  if (!current) return;
  await assertCallable(runtime, {
    ...current,
    modelName: modelName || current.modelName,
    params: withChanges(current.params, litellmParams ?? {}, 'litellm_params'),
    info: withChanges(current.info, modelInfo ?? {}, 'model_info'),
  });
};

/** What the file says is changed in the file. @throws GW_INVALID_REQUEST */
export const assertNotOfFile = ({ config }: Runtime, modelId: string): void => {
  const own = config.deployments.find(({ id, isStored }) => id === modelId && !isStored);
  if (own)
    throw invalidRequest(
      `The model '${modelId.slice(0, 200)}' comes from the configuration file${own.source ? ` (${own.source})` : ''}: change it there, and reload.`,
      'id',
    );
};
