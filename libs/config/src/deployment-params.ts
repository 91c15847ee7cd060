// Sorts the parameters of a deployment: the provider's settings, the gateway's keys, prices, defaults of requests.
import { isJsonObject, type Deployment, type JsonObject, type PluginManifest } from '@turnpike/domain';
import type { DeploymentEntry } from './deployment-entry.js';
import { GATEWAY_KEYS, isConnectionKey, isFeatureKey, isPriceKey, REQUEST_KEYS } from './deployment-keys.js';
import type { Diagnostics } from './diagnostics.js';
import { propertiesOf, type Manifests } from './manifests.js';
import { nearest } from './nearest.js';
import type { Places } from './places.js';
import { readValue, wrongType } from './value-types.js';

interface Context {
  readonly manifests: Manifests;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

type RequestParts = Pick<
  Deployment,
  'defaults' | 'extraBody' | 'headers' | 'dropParams' | 'additionalDropParams' | 'allowedParams' | 'clientParams'
>;

export interface SortedParams {
  connection: JsonObject;
  request: RequestParts;
  prices: Record<string, number>;
  features: JsonObject;
}

export const sortParams = (entry: DeploymentEntry, manifest: PluginManifest, context: Context): SortedParams => {
  const { diagnostics } = context;
  const { params, values } = entry;
  const properties = propertiesOf(manifest);
  const connection: JsonObject = {};
  const defaults: JsonObject = {};
  const features: JsonObject = {};
  const prices = pricesOf(entry.info, (key) => context.places.text(entry.info, key), diagnostics);

  for (const [key, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    const where = entry.whereOf(key) ?? entry.source;
    const setting = key === 'base_url' && !(key in properties) ? 'api_base' : key;
    if (setting in properties) {
      if (setting !== key && setting in params) {
        diagnostics.warn('duplicate', `litellm_params.${key} is not used: ${setting} wins.`, where);
      } else {
        connection[setting] = value;
      }
    } else if (key in GATEWAY_KEYS) {
      continue;
    } else if (isPriceKey(key) && !isJsonObject(value)) {
      Object.assign(
        prices,
        pricesOf({ [key]: value }, () => where, diagnostics),
      );
    } else if (isFeatureKey(key) || isPriceKey(key)) {
      features[key] = value;
    } else if (isConnectionKey(key)) {
      diagnostics.warn('value', `${manifest.id} has no use for litellm_params.${key}.`, where);
    } else if (!isSlip(key, properties, context, manifest, where)) {
      defaults[key] = value;
    }
  }
  return {
    connection,
    prices,
    features,
    request: {
      defaults,
      extraBody: values.extra_body ?? {},
      headers: headersOf({ ...values.headers, ...values.extra_headers }),
      ...(values.drop_params === undefined ? {} : { dropParams: values.drop_params }),
      additionalDropParams: values.additional_drop_params ?? [],
      allowedParams: values.allowed_openai_params ?? [],
      clientParams: clientParamsOf(entry, context),
    },
  };
};

/** Warns about a near miss. @returns true when it was probably meant for the connection, so it must not go upstream */
const isSlip = (
  key: string,
  properties: Readonly<Record<string, JsonObject>>,
  { diagnostics, manifests }: Context,
  manifest: PluginManifest,
  where: string | undefined,
): boolean => {
  if (REQUEST_KEYS.has(key) || manifests.ownerOf(key)?.manifest === manifest) return false;
  const connectionKeys = new Set([...Object.keys(properties), 'api_key', 'api_base', 'base_url', 'api_version']);
  const meant = nearest(key, [...connectionKeys, ...Object.keys(GATEWAY_KEYS), ...REQUEST_KEYS]);
  if (meant === undefined) return false;
  const isConnection = connectionKeys.has(meant);
  const effect = isConnection ? 'It has no effect' : 'It is sent to the provider as it is';
  const message = `litellm_params.${key} is not a known key. Did you mean '${meant}'? ${effect}.`;
  diagnostics.doubt('unknown-key', message, where);
  return isConnection;
};

const pricesOf = (
  from: JsonObject,
  whereOf: (key: string) => string | undefined,
  diagnostics: Diagnostics,
): Record<string, number> => {
  const prices: Record<string, number> = {};
  for (const [key, value] of Object.entries(from)) {
    if (!isPriceKey(key) || value === undefined || value === null || isJsonObject(value)) continue;
    const price = readValue('number', value);
    if (price === undefined || price < 0) {
      diagnostics.fail(`${key} ${wrongType('number', value, false)}`, whereOf(key));
    } else {
      prices[key] = price;
    }
  }
  return prices;
};

const headersOf = (written: JsonObject): Record<string, string> =>
  Object.fromEntries(
    Object.entries(written).flatMap(([name, value]) =>
      value === undefined || value === null || typeof value === 'object' ? [] : [[name, String(value)]],
    ),
  );

/** `{ api_base: <pattern> }` would limit what a client may set; we cannot hold to it, so such a parameter stays ours. */
const clientParamsOf = ({ values, whereOf }: DeploymentEntry, { diagnostics }: Context): string[] =>
  (values.configurable_clientside_auth_params ?? []).flatMap((item) => {
    if (typeof item === 'string') return [item];
    diagnostics.warn(
      'security',
      'configurable_clientside_auth_params: patterns are not supported, so clients may not set this parameter.',
      whereOf('configurable_clientside_auth_params'),
    );
    return [];
  });
