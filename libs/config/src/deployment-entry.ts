// One entry of `model_list`, with what credentials and defaults add to it.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { DisabledDeployment } from './canonical.js';
import type { UnsetKeys } from './connections.js';
import type { Diagnostics } from './diagnostics.js';
import { GATEWAY_KEYS, type GatewayKey } from './deployment-keys.js';
import { suggestion } from './nearest.js';
import type { Places, VariableState } from './places.js';
import { readValue, saysNothing, wrongType, type ValueTypes } from './value-types.js';

export type GatewayValues = { -readonly [K in GatewayKey]?: ValueTypes[(typeof GATEWAY_KEYS)[K]] };

export interface DeploymentEntry {
  readonly modelName: string;
  readonly model: string;
  /** `litellm_params` over its credential over the router's defaults. */
  readonly params: JsonObject;
  /** As written: references to variables not followed. */
  readonly writtenParams: JsonObject;
  readonly info: JsonObject;
  readonly unset: UnsetKeys;
  /** The gateway's own keys, read in their types. */
  readonly values: GatewayValues;
  /** `file:line` of the entry. */
  readonly source: string | undefined;
  /** `file:line` of one parameter. */
  readonly whereOf: (key: string) => string | undefined;
  /** Names a credential that does not exist: the deployment cannot be used. */
  readonly unknownCredential: string | undefined;
}

export interface EntryContext {
  /** `credential_list`: name → values. */
  readonly credentials: ReadonlyMap<string, JsonObject>;
  /** `router_settings.default_litellm_params`. */
  readonly defaultParams: JsonObject;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

const ENTRY_KEYS = ['model_name', 'litellm_params', 'model_info'];

/**
 * @returns the entry; a disabled deployment when a variable leaves it without a name or model; undefined when it cannot
 * be read, and then the problem is in the diagnostics
 */
export const readEntry = (
  entry: JsonValue,
  written: JsonValue,
  source: string | undefined,
  context: EntryContext,
): DeploymentEntry | DisabledDeployment | undefined => {
  const { places, diagnostics } = context;
  if (!isJsonObject(entry)) {
    diagnostics.fail('Each entry of model_list must be a map with model_name and litellm_params.', source);
    return undefined;
  }
  const modelName = textOf(entry['model_name']);
  const own = entry['litellm_params'];
  const model = isJsonObject(own) ? textOf(own['model']) : undefined;
  const nameless = places.at(entry, 'model_name');
  const modelless = isJsonObject(own) ? places.at(own, 'model') : undefined;
  const lacking = [nameless, modelless].find((place) => place?.state !== undefined);
  if (lacking) {
    return {
      modelName: modelName ?? `os.environ/${nameless?.variable}`,
      model: model ?? (modelless?.variable === undefined ? '' : `os.environ/${modelless.variable}`),
      reason: `the variable ${lacking.variable} is ${lacking.state === 'missing' ? 'not set' : 'empty'}`,
      ...(source === undefined ? {} : { source }),
    };
  }
  if (modelName === undefined) {
    diagnostics.fail('An entry of model_list needs a model_name.', source);
  }
  if (!isJsonObject(own)) {
    diagnostics.fail(`${modelName ?? 'An entry of model_list'} needs litellm_params with a model.`, source);
  } else if (model === undefined) {
    const where = places.text(entry, 'litellm_params') ?? source;
    diagnostics.fail(
      `litellm_params of ${modelName ?? 'this entry'} needs a model, for instance openai/gpt-4o.`,
      where,
    );
  }
  const infoValue = entry['model_info'] ?? {};
  if (!isJsonObject(infoValue)) {
    diagnostics.fail(`model_info ${wrongType('map', infoValue, false)}`, places.text(entry, 'model_info'));
  }
  if (modelName === undefined || !isJsonObject(own) || model === undefined || !isJsonObject(infoValue))
    return undefined;

  const credentialName = textOf(own['litellm_credential_name']);
  const credential = credentialName === undefined ? {} : context.credentials.get(credentialName);
  const layers = [context.defaultParams, credential ?? {}, strayParams(entry, context), own];
  const params = layers.reduce((under, layer) => ({ ...under, ...layer }), {});
  const whereOf = (key: string): string | undefined =>
    layers.map((layer) => places.text(layer, key)).findLast((where) => where !== undefined);
  const writtenParams = isJsonObject(written) ? written['litellm_params'] : undefined;
  return {
    modelName,
    model,
    params,
    writtenParams: isJsonObject(writtenParams) ? writtenParams : own,
    info: infoValue,
    unset: unsetKeys(layers, places),
    values: readGatewayValues(params, whereOf, diagnostics),
    source,
    whereOf,
    unknownCredential: credential ? undefined : credentialName,
  };
};

const textOf = (value: JsonValue | undefined): string | undefined => {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
};

/** `rpm` and its like written beside `litellm_params` instead of inside. */
const strayParams = (entry: JsonObject, { places, diagnostics }: EntryContext): JsonObject => {
  const stray: JsonObject = {};
  for (const [key, value] of Object.entries(entry)) {
    if (ENTRY_KEYS.includes(key)) continue;
    const where = places.text(entry, key);
    if (key in GATEWAY_KEYS) {
      stray[key] = value;
      places.mark(stray, key, places.at(entry, key));
      diagnostics.warn('moved-key', `${key} is at home under litellm_params.`, where);
    } else {
      const hint = suggestion(key, [...ENTRY_KEYS, ...Object.keys(GATEWAY_KEYS)]);
      diagnostics.doubt('unknown-key', `${key} is not a key of a model_list entry and has no effect.${hint}`, where);
    }
  }
  return stray;
};

/** The last layer decides: a value there fills what a variable in an earlier one left unset. */
const unsetKeys = (layers: readonly JsonObject[], places: Places): UnsetKeys => {
  const unset = new Map<string, { variable: string; state: VariableState }>();
  for (const layer of layers) {
    for (const key of Object.keys(layer)) unset.delete(key);
    for (const [key, { variable, state }] of places.unset(layer)) unset.set(key, { variable, state });
  }
  const address = unset.get('base_url');
  if (address && !unset.has('api_base')) unset.set('api_base', address);
  return unset;
};

const readGatewayValues = (
  params: JsonObject,
  whereOf: (key: string) => string | undefined,
  diagnostics: Diagnostics,
): GatewayValues => {
  const values: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(GATEWAY_KEYS)) {
    const written = params[key];
    if (saysNothing(type, written)) continue;
    const value = readValue(type, written!);
    if (value === undefined) {
      diagnostics.fail(`litellm_params.${key} ${wrongType(type, written!, false)}`, whereOf(key));
    } else {
      values[key] = value;
    }
  }
  return values;
};
