// Where the built entry of the package under test is.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConformanceError } from '../check.js';
import { specPath } from '../declare.js';

interface PackageFile {
  main?: string;
  exports?: unknown;
}

/** `exports` as text, as `{".": …}` or as conditions. */
const targetOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const map = value as Record<string, unknown>;
  return ['.', 'import', 'node', 'default'].map((key) => targetOf(map[key])).find((target) => target !== undefined);
};

/**
 * The entry of the nearest package above a place, or above the spec that runs now.
 * @throws ConformanceError when there is no package, or it is not built
 */
export const packageEntry = (near?: URL): URL => {
  let folder = near ? fileURLToPath(near) : dirname(specPath() ?? process.cwd());
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new ConformanceError('There is no package.json above the fixtures; give `entry`.');
    folder = parent;
  }
  const { exports, main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
  const entry = join(folder, targetOf(exports) ?? main ?? 'index.js');
  if (!existsSync(entry)) throw new ConformanceError(`The package is not built: there is no ${entry}.`);
  return pathToFileURL(entry);
};
