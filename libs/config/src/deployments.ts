// `model_list` → deployments, and those that cannot be used with the reason why.
import type { Deployment, JsonObject, JsonValue, PluginManifest } from '@turnpike/domain';
import type { DisabledDeployment } from './canonical.js';
import { completeConnection, whyUnusable } from './connections.js';
import { readEntry, type DeploymentEntry, type EntryContext } from './deployment-entry.js';
import type { IdRegister } from './deployment-id.js';
import { deploymentId } from './deployment-id.js';
import { sortParams } from './deployment-params.js';
import { referencedVariable, type Environment } from './environment.js';
import type { Manifests } from './manifests.js';
import { suggestion } from './nearest.js';
import { chooseProvider } from './provider-of.js';

export interface DeploymentContext extends EntryContext {
  readonly manifests: Manifests;
  readonly environment: Environment;
  /** Settings that keys of other sections give to a provider plugin, by its id. */
  readonly pluginSettings: Readonly<Record<string, JsonObject>>;
  readonly ids: IdRegister;
}

export interface ModelList {
  deployments: Deployment[];
  disabled: DisabledDeployment[];
}

/** @param written the same list before references to variables were followed */
export const readModelList = (
  list: readonly JsonValue[],
  written: readonly JsonValue[],
  context: DeploymentContext,
): ModelList => {
  const result: ModelList = { deployments: [], disabled: [] };
  list.forEach((item, index) => {
    const entry = readEntry(item, written[index] ?? item, context.places.text(list, index), context);
    if (!entry) return;
    if ('reason' in entry) {
      result.disabled.push(entry);
      return;
    }
    const variants = variantsOf(entry, context);
    if (variants.length === 0) result.disabled.push(keyless(entry, context));
    for (const variant of variants) {
      const read = toDeployment(variant, context);
      if ('reason' in read) result.disabled.push(read);
      else result.deployments.push(read);
    }
  });
  return result;
};

/** One entry may stand for several deployments: a list of organisations, or `*` for every provider with a key. */
const variantsOf = (entry: DeploymentEntry, { manifests, environment }: DeploymentContext): DeploymentEntry[] => {
  const organisations = entry.params['organization'];
  if (Array.isArray(organisations)) {
    return organisations.map((organization) => ({
      ...entry,
      params: { ...entry.params, organization },
      writtenParams: { ...entry.writtenParams, organization },
    }));
  }
  const isCatchAll = entry.modelName === '*' && entry.model === '*';
  if (!isCatchAll || entry.values.custom_llm_provider !== undefined || 'api_base' in entry.params) return [entry];
  const providers = providersWithKeys(manifests, environment);
  const { api_key: ownKey } = entry.writtenParams;
  if (ownKey === undefined) return providers.map((manifest) => ofProvider(entry, manifest));
  // One provider's key is nobody else's business; whose it is, only the name of its variable can tell.
  const variable = referencedVariable(ownKey);
  const owners = providers.filter(({ env }) => variable !== undefined && Object.hasOwn(env, variable));
  return owners.length === 0 ? [entry] : owners.map((manifest) => ofProvider(entry, manifest));
};

const ofProvider = (entry: DeploymentEntry, { prefixes }: PluginManifest): DeploymentEntry => {
  const pattern = `${prefixes[0]}*`;
  const renamed = { model: pattern };
  return {
    ...entry,
    modelName: pattern,
    model: pattern,
    params: { ...entry.params, ...renamed },
    writtenParams: { ...entry.writtenParams, ...renamed },
  };
};

const SHOWN_VARIABLES = 3;

/** `*` for every provider with a key, where none has one. */
const keyless = (
  { modelName, model, source }: DeploymentEntry,
  { manifests }: DeploymentContext,
): DisabledDeployment => {
  const variables = manifests
    .ofKind('provider')
    .flatMap(({ env }) => Object.keys(env).find((name) => env[name] === 'api_key') ?? []);
  const some = variables.slice(0, SHOWN_VARIABLES).join(', ');
  return {
    modelName,
    model,
    reason: `it stands for every provider whose key is in the environment, and there is none. Set one, as ${some}`,
    ...(source === undefined ? {} : { source }),
  };
};

/** Providers whose variables are set in the environment, so that a deployment needs to say nothing more. */
export const providersWithKeys = (manifests: Manifests, environment: Environment): PluginManifest[] =>
  manifests.ofKind('provider').filter((manifest) => {
    if (manifest.prefixes.length === 0 || !environment.first(Object.keys(manifest.env))) return false;
    const connection = completeConnection({}, new Map(), manifest, environment);
    return whyUnusable(connection, new Map(), manifest) === undefined;
  });

const toDeployment = (entry: DeploymentEntry, context: DeploymentContext): Deployment | DisabledDeployment => {
  const { manifests, environment, diagnostics } = context;
  const { modelName, source, values } = entry;
  const off = (reason: string): DisabledDeployment => ({
    modelName,
    model: entry.model,
    reason,
    ...(source === undefined ? {} : { source }),
  });

  if (entry.unknownCredential !== undefined) {
    const hint = suggestion(entry.unknownCredential, context.credentials.keys());
    return off(`credential_list has no '${entry.unknownCredential}'${hint && `.${hint}`}`);
  }
  const choice = chooseProvider(entry.model, values.custom_llm_provider, manifests);
  if ('reason' in choice) return off(choice.reason);
  const { manifest, model } = choice.match;
  if (choice.isGuess) {
    const where = entry.whereOf('model') ?? source;
    diagnostics.warn('value', `No provider recognises '${entry.model}'; it is taken as an OpenAI model.`, where);
  }

  const parts = sortParams(entry, manifest, context);
  const written = { ...context.pluginSettings[manifest.id], ...parts.connection };
  const connection = completeConnection(written, entry.unset, manifest, environment);
  const reason = whyUnusable(connection, entry.unset, manifest);
  if (reason !== undefined) return off(reason);

  const wantedId = entry.info['id'];
  const base = typeof wantedId === 'string' || typeof wantedId === 'number' ? String(wantedId) : undefined;
  const { id, isRepeated } = context.ids.take(base ?? deploymentId(modelName, entry.writtenParams));
  if (isRepeated) {
    const what =
      base === undefined ? `${modelName} is the same deployment as an earlier one` : `The id '${base}' is taken`;
    diagnostics.warn('duplicate', `${what}; this one is called ${id.slice(0, 8)}…${id.slice(-4)}.`, source);
  }
  return {
    id,
    modelName,
    provider: manifest.id,
    model,
    connection,
    ...parts.request,
    ...reliability(entry),
    prices: parts.prices,
    info: { ...parts.features, ...entry.info },
    ...(source === undefined ? {} : { source }),
  };
};

type Reliability = Pick<
  Deployment,
  | 'rpm'
  | 'tpm'
  | 'maxParallelRequests'
  | 'weight'
  | 'order'
  | 'tags'
  | 'tagRegex'
  | 'region'
  | 'timeoutMs'
  | 'streamTimeoutMs'
  | 'streamIdleTimeoutMs'
  | 'connectTimeoutMs'
  | 'numRetries'
  | 'cooldownMs'
  | 'maxBudgetUsd'
  | 'budgetDuration'
>;

const reliability = ({ values }: DeploymentEntry): Reliability =>
  withoutAbsent({
    rpm: values.rpm,
    tpm: values.tpm,
    maxParallelRequests: values.max_parallel_requests,
    weight: values.weight,
    order: values.order,
    tags: values.tags ?? [],
    tagRegex: values.tag_regex ?? [],
    region: values.region_name,
    timeoutMs: toMs(values.timeout),
    streamTimeoutMs: toMs(values.stream_timeout),
    streamIdleTimeoutMs: toMs(values.stream_idle_timeout),
    connectTimeoutMs: toMs(values.connect_timeout),
    numRetries: values.num_retries,
    cooldownMs: toMs(values.cooldown_time),
    maxBudgetUsd: values.max_budget,
    budgetDuration: values.budget_duration,
  });

const toMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1_000);

const withoutAbsent = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
