// Fails on a document that is wrong about what can be looked up: links, paths, commands, flags, scripts, error codes and
// keys of the configuration. Needs a build.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  checkCommands,
  checkConfigKeys,
  checkErrorCodes,
  checkLinks,
  checkNames,
  checkPaths,
  checkScripts,
} from './docs/checks.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = (path) => import(pathToFileURL(join(root, path)).href);
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

const SKIPPED = new Set(['node_modules', 'dist', 'fixtures', '.git', '.turnpike', 'peers', 'results']);

const filesBelow = (folder, extension) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path, extension) : entry.name.endsWith(extension) ? [path] : [];
  });

const read = (path) => {
  const file = join(root, path);
  if (!existsSync(file)) return undefined;
  return statSync(file).isDirectory() ? '' : readFileSync(file, 'utf8');
};

const [{ ERRORS }, { createProgram }, { SETTING_KEYS, TOP_KEYS }] = await Promise.all([
  built('libs/errors/dist/index.js'),
  built('apps/cli/dist/program.js'),
  built('libs/config/dist/setting-keys.js'),
]);
const program = createProgram();
const { scripts } = readJson('package.json');
/** Keys that plugins have in the sections: `langfuse_*`, `webhook_url`. */
const pluginKeys = readJson('deploy/bundles/standard.json').plugins.flatMap(({ manifests }) =>
  manifests.flatMap(({ legacyKeys }) => legacyKeys),
);
const isPluginKey = (name) =>
  pluginKeys.some((key) => (key.endsWith('*') ? name.startsWith(key.slice(0, -1)) : name === key));
const known = {
  top: new Set(Object.keys(TOP_KEYS)),
  setting: (name) => SETTING_KEYS.has(name) || isPluginKey(name),
};

const code = [
  ...['apps', 'libs', 'plugins'].flatMap((room) => filesBelow(join(root, room), '.ts')),
  join(root, 'deploy', 'bundles', 'standard.json'),
  join(root, 'docker-compose.yml'),
  join(root, 'deploy', 'docker', 'Dockerfile'),
]
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

let problems = 0;
const documents = filesBelow(root, '.md');
for (const file of documents) {
  const path = relative(root, file).split(sep).join('/');
  const markdown = readFileSync(file, 'utf8');
  const found = [
    ...checkLinks(path, markdown, read),
    ...checkPaths(markdown, read),
    ...checkCommands(markdown, program),
    ...checkScripts(markdown, scripts),
    ...checkErrorCodes(markdown, ERRORS),
    ...checkNames(markdown, code),
    ...checkConfigKeys(markdown, known),
  ];
  for (const { line, text } of found) console.error(`${path}:${line}: ${text}`);
  problems += found.length;
}
console.log(`${documents.length} documents checked, ${problems} problems.`);
process.exit(problems > 0 ? 1 : 0);
