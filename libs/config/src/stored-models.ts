// Model entries that arrive by API or from the database: the same shape as `model_list`, less trust.
import type { Deployment, JsonObject, PluginManifest } from '@turnpike/domain';
import type { ConfigWarning, DisabledDeployment } from './canonical.js';
import { IdRegister } from './deployment-id.js';
import { readModelList } from './deployments.js';
import { Diagnostics } from './diagnostics.js';
import { Environment, ReferenceResolver } from './environment.js';
import { Manifests } from './manifests.js';
import { Places } from './places.js';

export interface StoredModelOptions {
  readonly manifests: readonly PluginManifest[];
  /** All variables; only those in `envNames` can be reached. */
  readonly environment: Readonly<Record<string, string>>;
  /** `general_settings.api_env_names`. */
  readonly envNames: readonly string[];
  /** Credential name → values, decrypted. */
  readonly credentials?: ReadonlyMap<string, JsonObject>;
  /** `router_settings.default_litellm_params`. */
  readonly defaultParams?: JsonObject;
}

export interface StoredModels {
  readonly deployments: readonly Deployment[];
  readonly disabled: readonly DisabledDeployment[];
  readonly warnings: readonly ConfigWarning[];
}

/**
 * Reads entries `{ model_name, litellm_params, model_info }`. Neither a reference nor a provider's usual variables
 * reach a variable that is not in `envNames`: whoever may add a model with an address of his own must not get our keys.
 *
 * @throws GW_CONFIG_INVALID when an entry has the wrong shape
 */
export const readStoredModels = (entries: readonly JsonObject[], options: StoredModelOptions): StoredModels => {
  const places = new Places();
  const diagnostics = new Diagnostics(false);
  const allowed = Object.fromEntries(
    Object.entries(options.environment).filter(([name]) => options.envNames.includes(name)),
  );
  const environment = new Environment([{ label: '', values: allowed }]);
  const resolver = new ReferenceResolver(environment, places);
  const { deployments, disabled } = readModelList(resolver.resolve([...entries]), entries, {
    manifests: new Manifests(options.manifests),
    environment,
    places,
    diagnostics,
    credentials: options.credentials ?? new Map<string, JsonObject>(),
    defaultParams: options.defaultParams ?? {},
    pluginSettings: {},
    ids: new IdRegister(),
  });
  resolver.report(diagnostics);
  diagnostics.throwIfFailed();
  return { deployments, disabled, warnings: diagnostics.warnings };
};
