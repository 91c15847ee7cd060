// Finds a plugin by what configurations call it. Everything known of plugins comes from their manifests.
import { isJsonObject, type JsonObject, type PluginKind, type PluginManifest } from '@turnpike/domain';

/** A provider and the upstream's own name of the model. */
export interface ProviderMatch {
  readonly manifest: PluginManifest;
  readonly model: string;
}

const nameOf = (id: string): string => id.slice(id.indexOf('.') + 1);

export class Manifests {
  /** Longest prefix first, so that `a/b/` is tried before `a/`. */
  readonly #prefixes: readonly { prefix: string; manifest: PluginManifest }[];
  readonly #recognisers: readonly { pattern: RegExp; manifest: PluginManifest }[];

  constructor(readonly all: readonly PluginManifest[]) {
    const providers = this.ofKind('provider');
    this.#prefixes = providers
      .flatMap((manifest) => manifest.prefixes.map((prefix) => ({ prefix, manifest })))
      .sort((a, b) => b.prefix.length - a.prefix.length);
    this.#recognisers = providers.flatMap((manifest) =>
      manifest.recognises.map((source) => ({ pattern: new RegExp(source), manifest })),
    );
  }

  ofKind(kind: PluginKind): readonly PluginManifest[] {
    return this.all.filter(({ id }) => id.startsWith(`${kind}.`));
  }

  byId(id: string): PluginManifest | undefined {
    return this.all.find((manifest) => manifest.id === id);
  }

  /** By id, by the name after the dot, or by an alias. */
  find(kind: PluginKind, name: string): PluginManifest | undefined {
    return this.ofKind(kind).find(
      ({ id, aliases }) =>
        id === name || nameOf(id) === name || aliases.includes(name) || aliases.includes(`${kind}.${name}`),
    );
  }

  /** As `find`; a provider's prefix without its slash is a name of it too. */
  provider(name: string): PluginManifest | undefined {
    return this.#prefixes.find(({ prefix }) => prefix === `${name}/`)?.manifest ?? this.find('provider', name);
  }

  /** `openai/gpt-4o` → its provider and `gpt-4o`. */
  byPrefix(model: string): ProviderMatch | undefined {
    const match = this.#prefixes.find(({ prefix }) => model.startsWith(prefix));
    return match && { manifest: match.manifest, model: model.slice(match.prefix.length) };
  }

  /** The provider that claims a bare model name. */
  recognise(model: string): ProviderMatch | undefined {
    const match = this.#recognisers.find(({ pattern }) => pattern.test(model));
    return match && { manifest: match.manifest, model };
  }

  /** Names a `kind` of plugin goes by in configurations. */
  names(kind: PluginKind): string[] {
    return this.ofKind(kind).flatMap(({ id, aliases }) => [nameOf(id), ...aliases]);
  }

  providerNames(): string[] {
    return [...this.#prefixes.map(({ prefix }) => prefix.slice(0, -1)), ...this.names('provider')];
  }

  /** Some plugin claims this very key, not just keys that begin alike. */
  claims(key: string): boolean {
    return this.all.some(({ legacyKeys }) => legacyKeys.includes(key));
  }

  /** The plugin that a map of another section has settings of. */
  ownerOfMap(key: string): PluginManifest | undefined {
    return this.all.find(({ legacyMaps }) => legacyMaps?.includes(key));
  }

  /** The plugin that a key of another section belongs to. */
  ownerOf(key: string): { manifest: PluginManifest; settingName: string } | undefined {
    for (const manifest of this.all) {
      const pattern = manifest.legacyKeys.find((legacy) => matchesPattern(key, legacy));
      if (pattern !== undefined) return { manifest, settingName: settingNameOf(key, pattern, manifest) };
    }
    return undefined;
  }
}

const matchesPattern = (key: string, pattern: string): boolean =>
  pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern;

/**
 * A plugin may name its setting `sink_host` or just `host`; both take the key `sink_host`. A key that is called like one
 * of its variables is that variable's setting: `sink_secret` where `SINK_SECRET` fills `secret_key`.
 */
const settingNameOf = (key: string, pattern: string, manifest: PluginManifest): string => {
  const properties = propertiesOf(manifest);
  if (key in properties) return key;
  const short = pattern.endsWith('*') ? key.slice(pattern.length - 1) : key;
  return short in properties ? short : (manifest.env[key.toUpperCase()] ?? key);
};

/** The setting that a key stands for wherever it is known whose it is: by its own name, or as another section has it. */
export const settingOf = (manifest: PluginManifest, key: string): string =>
  Object.hasOwn(propertiesOf(manifest), key)
    ? key
    : (manifest.env[key.toUpperCase()] ?? new Manifests([manifest]).ownerOf(key)?.settingName ?? key);

/** The settings a plugin has, by name, each with its JSON Schema. */
export const propertiesOf = (manifest: PluginManifest): Readonly<Record<string, JsonObject>> => {
  const properties = manifest.configSchema['properties'];
  return isJsonObject(properties) ? (properties as Record<string, JsonObject>) : {};
};

/** The file's `plugins` entry gives this setting to every use of the plugin. */
export const isGivenByEntry = (manifest: PluginManifest, setting: string): boolean =>
  manifest.given?.includes(setting) ?? false;

/** Settings that must be given where a plugin is used: required ones that have no default and are not given already. */
export const requiredOf = (manifest: PluginManifest): readonly string[] => {
  const required = manifest.configSchema['required'];
  const properties = propertiesOf(manifest);
  return Array.isArray(required)
    ? required.filter(
        (name): name is string =>
          typeof name === 'string' && properties[name]?.['default'] === undefined && !isGivenByEntry(manifest, name),
      )
    : [];
};

/**
 * Sets of settings of which a plugin needs one complete (`anyOf: [{ required }, …]`), without what is given already;
 * empty when it has no such rule.
 */
export const alternativesOf = (manifest: PluginManifest): readonly (readonly string[])[] => {
  const branches = manifest.configSchema['anyOf'];
  if (!Array.isArray(branches)) return [];
  return branches.flatMap((branch) =>
    isJsonObject(branch) && Array.isArray(branch['required'])
      ? [branch['required'].map(String).filter((name) => !isGivenByEntry(manifest, name))]
      : [],
  );
};

/** Settings that variables may fill. What the `plugins` entry says counts for more than the environment. */
export const fillableOf = (manifest: PluginManifest): string[] =>
  [...new Set(Object.values(manifest.env))].filter((name) => !isGivenByEntry(manifest, name));

/** Variables that give `setting`, in order of precedence. */
export const variablesFor = (manifest: PluginManifest, setting: string): string[] =>
  Object.keys(manifest.env).filter((variable) => manifest.env[variable] === setting);
