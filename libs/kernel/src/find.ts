// Where a plugin's code is: a package of the bundle, an installed package, or a path. Nothing is ever fetched.
import type { PluginSource } from '@turnpike/domain';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { findPackageJSON, registerHooks } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pluginError } from './module-check.js';

export interface PluginFile {
  /** Absolute path of the entry file. */
  file: string;
  /** What it is known as: the package name, or the path. */
  origin: string;
  /** From the nearest package.json; `0.0.0` when it has none. */
  version: string;
  /** `sha512-<base64>` of the entry file. */
  hash: string;
}

const ENTRY_NAMES = ['index.js', 'index.mjs', 'index.ts', 'dist/index.js'];

/** The part of package.json that names the entry. */
interface PackageFile {
  version?: string;
  main?: string;
  exports?: unknown;
}

const readPackage = (folder: string): PackageFile | undefined => {
  const file = join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PackageFile) : undefined;
};

/** `exports` as a string, `{".": …}` or conditions, nested as deep as authors like. */
const exportTarget = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const map = value as Record<string, unknown>;
  for (const key of ['.', 'import', 'node', 'default']) {
    const target = exportTarget(map[key]);
    if (target) return target;
  }
  return undefined;
};

const entryOf = (folder: string): string | undefined => {
  const manifest = readPackage(folder);
  const named = manifest && (exportTarget(manifest.exports) ?? manifest.main);
  const candidates = named ? [named] : ENTRY_NAMES;
  return candidates.map((name) => join(folder, name)).find((file) => existsSync(file));
};

const describe = (file: string, origin: string): PluginFile => {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  const bytes = readFileSync(file);
  return {
    file,
    origin,
    version: readPackage(folder)?.version ?? '0.0.0',
    hash: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
  };
};

/**
 * @param base folder whose node_modules are searched for packages, besides this host's own
 * @throws GW_PLUGIN_NOT_FOUND, GW_PLUGIN_INTEGRITY
 */
export const findPlugin = (source: PluginSource, base: string): PluginFile => {
  const found =
    source.path === undefined ? findPackage(source.package ?? '', base) : findPath(resolve(base, source.path));
  if (source.integrity !== undefined && source.integrity !== found.hash) {
    throw pluginError(
      'GW_PLUGIN_INTEGRITY',
      found.origin,
      'find',
      `${found.file} is not the file that was pinned. Expected ${source.integrity}, found ${found.hash}.`,
    );
  }
  return found;
};

const findPath = (path: string): PluginFile => {
  if (!existsSync(path)) throw pluginError('GW_PLUGIN_NOT_FOUND', path, 'find', 'there is no such file or folder.');
  const file = statSync(path).isDirectory() ? entryOf(path) : path;
  if (!file) {
    throw pluginError(
      'GW_PLUGIN_NOT_FOUND',
      path,
      'find',
      `the folder has neither a package.json with an entry nor ${ENTRY_NAMES.join(', ')}.`,
    );
  }
  if (!['.js', '.mjs', '.ts', '.mts'].includes(extname(file))) {
    throw pluginError('GW_PLUGIN_NOT_FOUND', path, 'find', 'a plugin is a .js, .mjs or .ts module.');
  }
  return describe(file, path);
};

const findPackage = (name: string, base: string): PluginFile => {
  for (const from of [pathToFileURL(join(base, 'noop.js')).href, import.meta.url]) {
    const manifest = locate(name, from);
    const file = manifest && entryOf(dirname(manifest));
    if (file) return describe(file, name);
  }
  throw pluginError(
    'GW_PLUGIN_NOT_FOUND',
    name,
    'find',
    `the package is not installed (or not built). Run: npm install ${name}`,
  );
};

const locate = (name: string, from: string): string | undefined => {
  try {
    const found = findPackageJSON(name, from);
    return found?.startsWith('file:') ? fileURLToPath(found) : found;
  } catch {
    return undefined;
  }
};

const SDK = '@turnpike/plugin-sdk';
let isRegistered = false;

/**
 * Lets plugins outside this tree import the SDK by name: they get the host's copy, so there is only ever one.
 * Process-wide, so it is for the application to call, once, before it loads plugins.
 * @param file the SDK's, where a build has packed it; else the package that is installed beside this host
 */
export const shareSdk = (file?: string): void => {
  if (isRegistered) return;
  isRegistered = true;
  const url = file && pathToFileURL(file).href;
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      if (specifier === SDK && url !== undefined) return { url, shortCircuit: true };
      return specifier === SDK || specifier.startsWith(`${SDK}/`)
        ? nextResolve(specifier, { ...context, parentURL: import.meta.url })
        : nextResolve(specifier, context);
    },
  });
};

const imported = new Map<string, string>();

/**
 * Imports the entry and returns its default export. A file that changed since its last import is loaded anew (Node
 * keeps the old copy in memory, so this is for reloads by hand, not for a loop).
 * @throws GW_PLUGIN_INVALID
 */
export const importPlugin = async (found: PluginFile): Promise<unknown> => {
  const earlier = imported.get(found.file);
  const url = pathToFileURL(found.file);
  if (earlier !== undefined && earlier !== found.hash) url.searchParams.set('hash', found.hash);
  let namespace: { default?: unknown };
  try {
    namespace = (await import(url.href)) as { default?: unknown };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw pluginError('GW_PLUGIN_INVALID', found.origin, 'import', `the module cannot be imported: ${reason}`, cause);
  }
  imported.set(found.file, found.hash);
  if (namespace.default === undefined) {
    throw pluginError(
      'GW_PLUGIN_INVALID',
      found.origin,
      'check',
      'the module has no default export. Export what definePlugin returns.',
    );
  }
  return namespace.default;
};
