// Model entries that came by API: the same shape as `model_list`, less trust. One that cannot be used is off by itself.
import type { Deployment, JsonObject, PluginManifest } from '@turnpike/domain';
import type { ConfigWarning, DisabledDeployment } from './canonical.js';
import { GATEWAY_KEYS, REQUEST_KEYS } from './deployment-keys.js';
import type { IdRegister } from './deployment-id.js';
import { readModelList } from './deployments.js';
import { Diagnostics } from './diagnostics.js';
import { Environment, ReferenceResolver } from './environment.js';
import { propertiesOf, type Manifests } from './manifests.js';
import { Places } from './places.js';
import { isSecretName } from './secrets.js';

export interface StoredModel {
  readonly id: string;
  readonly modelName: string;
  /** `litellm_params`, decrypted. */
  readonly params: JsonObject;
  /** `model_info`. */
  readonly info: JsonObject;
  /** Only for keys of this team; empty: for all. */
  readonly teamId: string;
  /** As that team knows it. */
  readonly teamPublicModelName: string;
}

export interface StoredModelContext {
  readonly manifests: Manifests;
  readonly environment: Environment;
  /** `general_settings.api_env_names`. */
  readonly envNames: readonly string[];
  /** `credential_list` of the file: name → values. */
  readonly fileCredentials: ReadonlyMap<string, JsonObject>;
  /** Stored ones, decrypted: name → values. The file's win. */
  readonly credentials: ReadonlyMap<string, JsonObject>;
  /** `router_settings.default_litellm_params`. */
  readonly defaultParams: JsonObject;
  /** Those of the file. */
  readonly deployments: readonly Deployment[];
  readonly ids: IdRegister;
}

export interface StoredModels {
  readonly deployments: readonly Deployment[];
  readonly disabled: readonly DisabledDeployment[];
  readonly warnings: readonly ConfigWarning[];
}

/** Settings that say where a model is called hold this word whatever the provider. */
const ADDRESSES = ['api_base', 'base_url'];

/**
 * Neither a reference nor a provider's usual variables reach a variable that is not in `envNames`, and what the file
 * says of connections stays with its own models: whoever may add a model with an address of his own must not get our
 * keys. A team's model reaches no variable at all, since the team's own admins may have made it.
 */
export const readStoredModels = (models: readonly StoredModel[], context: StoredModelContext): StoredModels => {
  const { envNames, environment, deployments: ofFile } = context;
  const values = Object.fromEntries(envNames.map((name) => [name, environment.get(name)]));
  const allowed = new Environment([{ label: '', values }]);
  const none = new Environment([]);
  const origins = new Set(ofFile.flatMap(({ connection }) => originOf(connection['api_base']) ?? []));
  const defaultParams = sharedDefaults(context.defaultParams);
  const credentials = new Map([...context.credentials, ...context.fileCredentials]);
  const deployments: Deployment[] = [];
  const disabled: DisabledDeployment[] = [];
  const warnings: ConfigWarning[] = [];

  for (const model of models) {
    const { id, modelName, params } = model;
    const source = `stored model ${id}`;
    const off = (reason: string): void => {
      const upstream = params['model'];
      disabled.push({ id, modelName, model: typeof upstream === 'string' ? upstream : '', reason, source });
    };
    const borrowed = borrowedAddress(model, context);
    if (borrowed !== undefined) {
      off(
        `its credential is the configuration file's, which goes to the addresses that the file says: leave out ${borrowed}`,
      );
      continue;
    }
    const places = new Places();
    const diagnostics = new Diagnostics(false);
    const visible = model.teamId === '' ? allowed : none;
    const resolver = new ReferenceResolver(visible, places);
    const entries = [entryOf(model)];
    const read = readModelList(resolver.resolve(entries), entries, {
      manifests: context.manifests,
      environment: visible,
      places,
      diagnostics,
      credentials,
      defaultParams,
      pluginSettings: {},
      ids: context.ids,
    });
    resolver.report(diagnostics);
    warnings.push(...diagnostics.warnings.map((warning) => ({ ...warning, where: source })));
    if (diagnostics.problems.length > 0) {
      off(diagnostics.problems.join(' '));
      continue;
    }
    for (const { reason } of read.disabled) off(withVariables(reason));
    const isGuarded = mayLeadAway(model, context, origins);
    deployments.push(...read.deployments.map((one) => ({ ...one, source, isStored: true, isGuarded })));
  }
  return { deployments, disabled, warnings };
};

const entryOf = ({ id, modelName, params, info, teamId, teamPublicModelName }: StoredModel): JsonObject => ({
  model_name: modelName,
  litellm_params: params,
  model_info: {
    ...info,
    id,
    db_model: true,
    ...(teamId && { team_id: teamId, team_public_model_name: teamPublicModelName || modelName }),
  },
});

/** Where a model lacks what a variable would give, that it does not see them all is the likely reason. */
const withVariables = (reason: string): string =>
  /\b(set|variable) [A-Z]/.test(reason)
    ? `${reason} (stored models see only the variables in general_settings.api_env_names)`
    : reason;

/** What the file says for every deployment, without what is a secret or leads somewhere. */
const sharedDefaults = (params: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(params).filter(([key]) => (key in GATEWAY_KEYS && !NOT_SHARED.has(key)) || REQUEST_KEYS.has(key)),
  );

const NOT_SHARED = new Set([
  'model',
  'custom_llm_provider',
  'litellm_credential_name',
  'configurable_clientside_auth_params',
  'headers',
  'extra_headers',
  'extra_body',
]);

const originOf = (address: unknown): string | undefined =>
  typeof address === 'string' && URL.canParse(address) ? new URL(address).origin : undefined;

/** A setting that has a say in where a model is called. A key has none; a document of keys may name addresses. */
const isLeading = (key: string, value: unknown): boolean => {
  if (value === undefined || value === null || value === '') return false;
  return !isSecretName(key) || typeof value !== 'string' || value.trimStart().startsWith('{');
};

const connectionKeysOf = (params: JsonObject, context: StoredModelContext): string[] => {
  const model = params['model'];
  const provider = params['custom_llm_provider'];
  const { manifests } = context;
  const manifest: PluginManifest | undefined =
    (typeof provider === 'string' ? manifests.provider(provider) : undefined) ??
    (typeof model === 'string' ? (manifests.byPrefix(model) ?? manifests.recognise(model))?.manifest : undefined);
  // Of a model whose provider is not told, any setting may be one.
  const known = manifest && propertiesOf(manifest);
  return Object.keys(params).filter(
    (key) => ADDRESSES.includes(key) || (known ? key in known : !(key in GATEWAY_KEYS)),
  );
};

const credentialNameOf = ({ params }: StoredModel): string | undefined => {
  const name = params['litellm_credential_name'];
  return typeof name === 'string' ? name.trim() : undefined;
};

/** The setting by which a model would have a credential of the file sent elsewhere; undefined: there is none. */
const borrowedAddress = (model: StoredModel, context: StoredModelContext): string | undefined => {
  const name = credentialNameOf(model);
  if (name === undefined || !context.fileCredentials.has(name)) return undefined;
  return connectionKeysOf(model.params, context).find((key) => isLeading(key, model.params[key]));
};

/**
 * Whether what came by API has a say in where the model is called. An origin that the file names, too, is as good as its;
 * the usual address of a provider is good enough for all but the models of teams, whose admins did not install it.
 */
const mayLeadAway = (model: StoredModel, context: StoredModelContext, origins: ReadonlySet<string>): boolean => {
  const name = credentialNameOf(model) ?? '';
  const stored = context.fileCredentials.has(name) ? undefined : context.credentials.get(name);
  const params: JsonObject = { ...stored, ...model.params };
  const leading = connectionKeysOf(params, context).filter((key) => isLeading(key, params[key]));
  if (leading.length === 0) return model.teamId !== '';
  return leading.some((key) => !ADDRESSES.includes(key) || !origins.has(originOf(params[key]) ?? ''));
};
