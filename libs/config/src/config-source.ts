// The configuration before any key is given a meaning: the tree, its places, and the variables it refers to.
import { isJsonObject, type JsonObject, type PluginManifest } from '@turnpike/domain';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { builtInConfig, type CommandLineModel } from './built-in.js';
import type { GatewayConfig } from './canonical.js';
import { readConfigFiles } from './config-files.js';
import { Diagnostics } from './diagnostics.js';
import { readEnvironment, ReferenceResolver, type Environment } from './environment.js';
import type { Flags } from './flags.js';
import { configFromEnvironment } from './from-env.js';
import type { KnownModel } from './implicit.js';
import { Manifests } from './manifests.js';
import { Places } from './places.js';
import { displayPath } from './read-text.js';
import { readValue, wrongType } from './value-types.js';

export interface LoadOptions {
  /** Path, absolute or relative to `cwd`. Absent: CONFIG_FILE_PATH, `litellm_config.yaml`, `config.yaml`, built-in. */
  readonly configFile?: string;
  readonly cwd: string;
  /** The process environment; never changed. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: Flags;
  readonly manifests: readonly PluginManifest[];
  /** Provider id of a model that the price catalogue knows. */
  readonly isKnownModel?: KnownModel;
}

const USUAL_FILES = ['litellm_config.yaml', 'config.yaml'];

export interface ConfigSource {
  readonly kind: GatewayConfig['source']['kind'];
  readonly files: readonly string[];
  /** The tree as written. */
  readonly written: JsonObject;
  /** The same tree, references to variables followed. */
  readonly root: JsonObject;
  readonly environment: Environment;
  readonly resolver: ReferenceResolver;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
  readonly manifests: Manifests;
}

const findConfigFile = ({ configFile, cwd, env }: LoadOptions): string | undefined => {
  const named = configFile ?? (env['CONFIG_FILE_PATH'] || undefined);
  if (named !== undefined) return resolve(cwd, named);
  return USUAL_FILES.map((name) => join(cwd, name)).find((path) => existsSync(path));
};

/** @throws GW_CONFIG_INVALID when a file cannot be read or is not valid YAML */
export const openSource = (options: LoadOptions): ConfigSource => {
  const { cwd, env } = options;
  const diagnostics = new Diagnostics(options.flags?.strict ?? false);
  const places = new Places();
  const manifests = new Manifests(options.manifests);
  const path = findConfigFile(options);
  const directory = path === undefined ? cwd : dirname(path);
  const environment = readEnvironment({ env, directory, cwd, diagnostics });
  const source =
    path === undefined ? withoutFile(options, manifests, environment) : withFile(path, cwd, places, diagnostics);

  const resolver = new ReferenceResolver(environment, places);
  const variables = source.written['environment_variables'];
  if (isJsonObject(variables)) {
    const label = source.files[0] === undefined ? '' : displayPath(source.files[0], cwd);
    exportVariables(resolver.resolve(variables), environment, label, places, diagnostics);
  }
  const { environment_variables: _exported, ...rest } = source.written;
  places.copy(source.written, rest);
  return { ...source, root: resolver.resolve(rest), environment, resolver, places, diagnostics, manifests };
};

const withFile = (
  path: string,
  cwd: string,
  places: Places,
  diagnostics: Diagnostics,
): Pick<ConfigSource, 'kind' | 'files' | 'written'> => {
  const { root, files } = readConfigFiles(path, { cwd, places, diagnostics });
  return { kind: 'file', files, written: root };
};

const withoutFile = (
  { flags }: LoadOptions,
  manifests: Manifests,
  environment: Environment,
): Pick<ConfigSource, 'kind' | 'files' | 'written'> => {
  const commandLine = commandLineModel(flags);
  const described = commandLine ? undefined : configFromEnvironment(manifests, environment);
  if (described) return { kind: 'env', files: [], written: described };
  return { kind: 'built-in', files: [], written: builtInConfig(manifests, environment, commandLine) };
};

const commandLineModel = (flags: Flags | undefined): CommandLineModel | undefined => {
  if (flags?.model === undefined) return undefined;
  const { model, alias, apiBase, apiVersion, temperature, maxTokens } = flags;
  const params = { api_base: apiBase, api_version: apiVersion, temperature, max_tokens: maxTokens };
  return {
    model,
    ...(alias === undefined ? {} : { alias }),
    params: Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)),
  };
};

/** The file outranks the process environment, here too. */
const exportVariables = (
  variables: JsonObject,
  environment: Environment,
  label: string,
  places: Places,
  diagnostics: Diagnostics,
): void => {
  const exported: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || value === null) continue;
    const text = readValue('text', value);
    const where = places.text(variables, name);
    if (text === undefined) {
      diagnostics.fail(`environment_variables.${name} ${wrongType('text', value, true)}`, where);
      continue;
    }
    const before = environment.get(name);
    if (before !== undefined && before !== text) {
      diagnostics.warn(
        'duplicate',
        `environment_variables.${name} replaces the variable ${environment.where(name)}.`,
        where,
      );
    }
    exported[name] = text;
  }
  environment.override(label, exported);
};
