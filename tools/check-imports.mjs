// Fails on an import that crosses rooms in a direction that is not allowed, and on a provider's name in the centre.
// The allowed directions stand in docs/architecture.md as well; this is the list that counts.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Second doors of packages: what stands behind one is loaded by those who need it. */
const DOORS = new Set(['@turnpike/limits/redis']);

/** Room → rooms whose code it may import. */
const ALLOWED = {
  'libs/domain': [],
  'libs/errors': ['domain'],
  'libs/wire': ['domain', 'errors'],
  'libs/plugin-sdk': ['wire', 'domain', 'errors'],
  'libs/plugin-testkit': ['plugin-sdk'],
  'libs/kernel': ['plugin-sdk', 'domain', 'errors'],
  'libs/router': ['plugin-sdk', 'domain', 'errors'],
  'libs/config': ['domain', 'errors'],
  'libs/pricing': ['domain', 'errors'],
  'libs/telemetry': ['domain', 'errors'],
  'libs/limits': ['domain', 'errors'],
  'libs/journal': ['domain', 'errors'],
  'libs/rpc': [],
  'apps/gateway': [
    'kernel',
    'router',
    'limits',
    'journal',
    'config',
    'pricing',
    'telemetry',
    'rpc',
    'plugin-sdk',
    'wire',
    'domain',
    'errors',
  ],
  'apps/ledger': ['config', 'pricing', 'telemetry', 'rpc', 'domain', 'errors'],
  'apps/cli': ['config', 'rpc', 'domain', 'errors'],
  plugins: ['plugin-sdk'],
};

/** Tests of plugins, and of those who run them, may use the kit. */
const ALSO_IN_TESTS = {
  plugins: ['plugin-testkit'],
  'libs/kernel': ['plugin-testkit'],
  'libs/router': ['plugin-testkit'],
  'apps/gateway': ['plugin-testkit'],
  // Its entries come from there: what one writes, the other must read.
  'apps/ledger': ['journal'],
};

/** Servers that tests of any room start. */
const TEST_SERVICES = join('test', 'services');

/** Nest and what belongs to it stay in apps/. */
const NEST = /^(@nestjs\/|@willsoto\/nestjs|reflect-metadata$|rxjs$)/;

const sourcesBelow = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'node_modules' || entry.name === 'dist' || entry.name === 'fixtures'
        ? []
        : sourcesBelow(path);
    return /\.(ts|tsx|mts|mjs)$/.test(entry.name) ? [path] : [];
  });

const roomOf = (path) => {
  const [top, name] = path.split(sep);
  return top === 'plugins' ? 'plugins' : `${top}/${name}`;
};

/** A package's own folder: what relative imports must stay inside of. */
const packageOf = (path) =>
  path
    .split(sep)
    .slice(0, path.startsWith('plugins') ? 3 : 2)
    .join(sep);

const isTest = (path) => path.endsWith('.spec.ts') || path.split(sep).includes('test');

const problems = [];
const report = (path, text) => problems.push(`${path}: ${text}`);

const checkImport = (path, specifier) => {
  const room = roomOf(path);
  const allowed = [...(ALLOWED[room] ?? []), ...(isTest(path) ? (ALSO_IN_TESTS[room] ?? []) : [])];
  if (specifier.startsWith('.')) {
    const target = relative(root, join(root, dirname(path), specifier));
    const isService = isTest(path) && target.startsWith(TEST_SERVICES + sep);
    if (!isService && packageOf(target) !== packageOf(path))
      report(path, `imports ${specifier}, which is another package's inside. Import its package.`);
    return;
  }
  if (NEST.test(specifier) && !room.startsWith('apps/'))
    report(path, `imports ${specifier}; Nest lives in apps/ only.`);
  const own = /^@turnpike\/([^/]+)(\/.*)?$/.exec(specifier);
  if (!own) return;
  if (own[2] && own[2] !== '/package.json' && !DOORS.has(specifier))
    report(path, `imports ${specifier}; import the package, not a file of it.`);
  if (!allowed.includes(own[1]))
    report(path, `imports ${specifier}; ${room} may import ${allowed.join(', ') || 'no room'}.`);
};

/** Names of vendors whose code lives in plugins/. `libs/wire` knows formats by these names, and tests may use any. */
const vendorNames = () => {
  const bundle = JSON.parse(readFileSync(join(root, 'deploy/bundles/standard.json'), 'utf8'));
  const ids = bundle.plugins
    .flatMap(({ manifests }) => manifests.map(({ id }) => id))
    .filter((id) => id.startsWith('provider.'));
  const formats = new Set(['openai', 'anthropic', 'gemini', 'echo', 'vllm', 'github', 'modal', 'heroku']);
  return ids.map((id) => id.slice('provider.'.length)).filter((name) => !formats.has(name) && name.length > 3);
};

const checkNames = (path, tokens, names) => {
  if (path.startsWith(`libs${sep}wire`) || isTest(path) || !/^(apps|libs)/.test(path)) return;
  for (const name of names)
    if (tokens.includes(`provider.${name}`) || tokens.includes(`'${name}'`))
      report(path, `names the provider '${name}'. If the centre needs it, a hook is missing in the contract.`);
};

const names = vendorNames();
const paths = ['apps', 'libs', 'plugins'].flatMap(sourcesBelow);
for (const path of paths) {
  const text = readFileSync(join(root, path), 'utf8');
  for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) checkImport(path, fileName);
  checkNames(path, text, names);
}
for (const problem of problems) console.error(problem);
console.log(`${paths.length} files checked, ${problems.length} forbidden.`);
process.exit(problems.length > 0 ? 1 : 0);
