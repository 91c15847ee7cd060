// `plugins`: code that is not part of the bundle. From the file only.
import { isJsonObject, type JsonObject, type PluginSource } from '@turnpike/domain';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Diagnostics } from './diagnostics.js';
import type { Places } from './places.js';
import { suggestion } from './nearest.js';

const KEYS = ['package', 'path', 'integrity', 'config'];
const INTEGRITY = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** Paths are resolved against the folder of the configuration file. */
export const readPluginSources = (
  root: JsonObject,
  configFile: string | undefined,
  cwd: string,
  places: Places,
  diagnostics: Diagnostics,
): PluginSource[] => {
  const written = root['plugins'];
  if (written === undefined || written === null) return [];
  if (!Array.isArray(written)) {
    diagnostics.fail('plugins must be a list of {package} or {path} entries.', places.text(root, 'plugins'));
    return [];
  }
  const directory = configFile === undefined ? cwd : dirname(configFile);
  return written.flatMap((item, index) => {
    const where = places.text(written, index);
    const source = isJsonObject(item) ? toSource(item, directory, where, places, diagnostics) : undefined;
    if (!isJsonObject(item)) diagnostics.fail('An entry of plugins must be a map with package or path.', where);
    return source ?? [];
  });
};

const toSource = (
  item: JsonObject,
  directory: string,
  where: string | undefined,
  places: Places,
  diagnostics: Diagnostics,
): PluginSource | undefined => {
  const { package: packageName, path, integrity, config } = item;
  for (const key of Object.keys(item)) {
    if (KEYS.includes(key)) continue;
    const message = `plugins[].${key} is not a known key and has no effect.${suggestion(key, KEYS)}`;
    diagnostics.doubt('unknown-key', message, places.text(item, key));
  }
  const hasPackage = typeof packageName === 'string' && packageName !== '';
  const hasPath = typeof path === 'string' && path !== '';
  if (hasPackage === hasPath) {
    diagnostics.fail('A plugin needs either package or path.', where);
    return undefined;
  }
  if (integrity !== undefined && !(typeof integrity === 'string' && INTEGRITY.test(integrity))) {
    diagnostics.fail("integrity must be 'sha512-' and the Base64 of the digest.", places.text(item, 'integrity'));
    return undefined;
  }
  if (config !== undefined && config !== null && !isJsonObject(config)) {
    diagnostics.fail('config of a plugin must be a map.', places.text(item, 'config'));
    return undefined;
  }
  return {
    ...(hasPackage
      ? { package: packageName }
      : { path: isAbsolute(path as string) ? (path as string) : resolve(directory, path as string) }),
    ...(integrity === undefined ? {} : { integrity: integrity }),
    ...(isJsonObject(config) ? { config } : {}),
    ...(where === undefined ? {} : { source: where }),
  };
};
