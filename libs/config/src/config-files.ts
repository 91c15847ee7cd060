// The configuration file with everything it includes, as one tree.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { dirname, resolve } from 'node:path';
import type { Diagnostics } from './diagnostics.js';
import type { Places } from './places.js';
import { displayPath, readText } from './read-text.js';
import { parseYaml } from './read-yaml.js';

export interface FileContext {
  readonly cwd: string;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

export interface ConfigFiles {
  readonly root: JsonObject;
  /** Absolute, the main file first. */
  readonly files: readonly string[];
}

/**
 * Reads a file and, in the order written, the files under its `include`. What an included file says replaces what the
 * including one says; maps are merged and lists are joined.
 *
 * @throws GW_CONFIG_INVALID when a file cannot be read or is not valid YAML
 */
export const readConfigFiles = (path: string, context: FileContext): ConfigFiles => {
  const files: string[] = [];
  const root = readTree(path, [], files, context);
  context.diagnostics.throwIfFailed();
  return { root, files };
};

const readTree = (path: string, chain: readonly string[], files: string[], context: FileContext): JsonObject => {
  const { cwd, diagnostics, places } = context;
  const name = displayPath(path, cwd);
  files.push(path);
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    diagnostics.fail(`${name} ${(error as Error).message}.`);
    return {};
  }
  const value = parseYaml(text, name, context);
  if (value === undefined) return {};
  const tree = toRoot(value, name, context);
  const written = tree['include'];
  if (written === undefined || written === null) return tree;

  const where = places.text(tree, 'include');
  const includes = Array.isArray(written) ? written : [written];
  let merged = tree;
  for (const include of includes) {
    if (typeof include !== 'string') {
      diagnostics.fail('include must be a path or a list of paths.', where);
      continue;
    }
    const target = resolve(dirname(path), include);
    const ancestors = [...chain, path];
    if (ancestors.includes(target)) {
      const circle = [...ancestors, target].map((file) => displayPath(file, cwd)).join(' → ');
      diagnostics.fail(`include goes in a circle: ${circle}.`, where);
    } else if (files.includes(target)) {
      diagnostics.warn('duplicate', `${include} is included twice; once is enough.`, where);
    } else {
      merged = mergeTrees(merged, readTree(target, ancestors, files, context), '', context);
    }
  }
  return merged;
};

/** A list of model entries stands for `model_list`. */
const toRoot = (value: JsonValue, name: string, { diagnostics, places }: FileContext): JsonObject => {
  if (isJsonObject(value)) return value;
  if (Array.isArray(value) && value.every((item) => isJsonObject(item) && 'model_name' in item)) {
    const root: JsonObject = { model_list: value };
    places.mark(root, 'model_list', { file: name, line: 1 });
    return root;
  }
  diagnostics.fail(
    value === null
      ? 'The file is empty. Write at least a model_list, or remove the file to use the built-in configuration.'
      : 'The file must be a map with keys such as model_list and general_settings.',
    `${name}:1`,
  );
  return {};
};

const mergeTrees = (base: JsonObject, over: JsonObject, path: string, context: FileContext): JsonObject => {
  const { places, diagnostics } = context;
  const merged: JsonObject = { ...base };
  places.copy(base, merged);
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    const name = path === '' ? key : `${path}.${key}`;
    if (name === 'include') continue;
    if (isJsonObject(before) && isJsonObject(value)) {
      merged[key] = mergeTrees(before, value, name, context);
    } else if (Array.isArray(before) && Array.isArray(value)) {
      merged[key] = joinLists(before, value, places);
      continue;
    } else {
      if (before !== undefined && before !== null) {
        diagnostics.warn(
          'duplicate',
          `${name} is also at ${places.text(merged, key)}; the included file's value is used.`,
          places.text(over, key),
        );
      }
      merged[key] = value;
    }
    places.mark(merged, key, places.at(over, key));
  }
  return merged;
};

const joinLists = (first: readonly JsonValue[], second: readonly JsonValue[], places: Places): JsonValue[] => {
  const joined = [...first, ...second];
  first.forEach((_, index) => places.mark(joined, index, places.at(first, index)));
  second.forEach((_, index) => places.mark(joined, first.length + index, places.at(second, index)));
  return joined;
};
