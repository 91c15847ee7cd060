// What all routes that store configuration have in common.
import type { JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { Authorship } from '@turnpike/rpc';
import type { Runtime } from '../../runtime/runtime.js';

/** As LiteLLM refuses it. @throws GW_INVALID_REQUEST */
export const assertStoring = ({ live }: Pick<Runtime, 'live'>): void => {
  if (live.isStoring) return;
  throw invalidRequest(
    "Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature. Or write general_settings.store_model_in_db: " +
      'true into the configuration file; then start the gateway anew.',
  );
};

/** As LiteLLM tells of rows. */
export const fromAuthorship = (authorship: Authorship | undefined): JsonObject => ({
  created_at: authorship?.createdAt?.toISOString() ?? null,
  created_by: authorship?.createdBy || null,
  updated_at: authorship?.updatedAt?.toISOString() ?? null,
  updated_by: authorship?.updatedBy || null,
});
