// `blueprint-config.json` → a `litellm_config.yaml` that says the same.
import { isJsonObject, type JsonObject, type JsonValue, type PluginManifest } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { Document } from 'yaml';
import { GATEWAY_KEYS, isConnectionKey, isPriceKey } from './deployment-keys.js';
import { Manifests } from './manifests.js';
import { SECTION_NAMES, SETTING_KEYS } from './setting-keys.js';

export interface BlueprintOptions {
  /** Tell which prefix a provider goes by, aliases included; one that they do not know keeps its name. */
  readonly manifests?: readonly PluginManifest[];
}

const ADDRESS_KEYS = ['base_url', 'url', 'api_url'];

/** What a provider's entry says for us; the rest (a description, a colour) is its author's own. */
const isParam = (key: string): boolean => key in GATEWAY_KEYS || isConnectionKey(key) || isPriceKey(key);

/**
 * @param json the parsed file, or its text
 * @returns YAML text; `${NAME}` has become `os.environ/NAME`, providers that are not enabled are left out
 * @throws GW_CONFIG_INVALID when it is no such file
 */
export const importBlueprint = (json: unknown, options: BlueprintOptions = {}): string => {
  const blueprint = typeof json === 'string' ? parse(json) : json;
  if (!isJsonObject(blueprint)) throw invalid('The file must be a JSON object with llm_providers.');
  const providers = blueprint['llm_providers'] ?? {};
  const service = blueprint['litellm'] ?? {};
  if (!isJsonObject(providers)) throw invalid('llm_providers must be a map of providers.');
  if (!isJsonObject(service)) throw invalid('litellm must be a map.');
  if (Object.keys(providers).length === 0 && Object.keys(service).length === 0) {
    throw invalid('The file has neither llm_providers nor litellm.');
  }
  const manifests = new Manifests(options.manifests ?? []);
  const modelList = Object.entries(providers).flatMap(([name, provider]) => entriesOf(name, provider, manifests));
  const document = new Document({ model_list: modelList, ...sectionsOf(service) });
  document.commentBefore =
    ' The master key is read from LITELLM_MASTER_KEY; without one, everyone may use the gateway.';
  return document.toString({ lineWidth: 0 });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GatewayError('GW_CONFIG_INVALID', `The file is not valid JSON: ${(error as Error).message}.`, {
      cause: error,
    });
  }
};

const invalid = (message: string): GatewayError => new GatewayError('GW_CONFIG_INVALID', message);

/** `${NAME}` or `$NAME` → `os.environ/NAME`. */
const toReference = (value: JsonValue): JsonValue => {
  const name = typeof value === 'string' ? /^\$(?:\{(\w+)\}|(\w+))$/.exec(value.trim()) : null;
  return name ? `os.environ/${name[1] ?? name[2]}` : value;
};

const prefixOf = (name: string, manifests: Manifests): string => {
  const plain = name.replaceAll('-', '_');
  for (const candidate of [name, plain]) {
    const manifest = manifests.provider(candidate);
    if (manifest)
      return manifest.prefixes.includes(`${candidate}/`) ? `${candidate}/` : (manifest.prefixes[0] ?? `${candidate}/`);
  }
  return `${plain}/`;
};

const entriesOf = (name: string, provider: JsonValue | undefined, manifests: Manifests): JsonObject[] => {
  if (!isJsonObject(provider)) throw invalid(`llm_providers.${name} must be a map.`);
  const { enabled, models, ...rest } = provider;
  if (enabled === false) return [];
  if (!Array.isArray(models)) throw invalid(`llm_providers.${name}.models must be a list of model names.`);
  const prefix = prefixOf(name, manifests);
  const params: JsonObject = {};
  for (const [key, value] of Object.entries(rest)) {
    const param = ADDRESS_KEYS.includes(key) ? 'api_base' : key;
    if (value !== undefined && isParam(param)) params[param] = toReference(value);
  }
  return models.map((item) => {
    const model = isJsonObject(item) ? (item['name'] ?? item['id'] ?? item['model']) : item;
    if (typeof model !== 'string') throw invalid(`llm_providers.${name}.models must be a list of model names.`);
    return {
      model_name: model.startsWith(prefix) ? model.slice(prefix.length) : model,
      litellm_params: { model: model.startsWith(prefix) ? model : `${prefix}${model}`, ...params },
    };
  });
};

/** What `litellm` says of the gateway itself goes to its section; what it says of containers is not ours. */
const sectionsOf = (service: JsonObject): JsonObject => {
  const sections: JsonObject = {};
  for (const [key, value] of Object.entries(service)) {
    const home = SETTING_KEYS.get(key)?.homes[0];
    if (home === undefined || value === undefined) continue;
    const section = (sections[SECTION_NAMES[home]] ??= {}) as JsonObject;
    section[key] = toReference(value);
  }
  return sections;
};
