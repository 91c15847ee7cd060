// Lays out what a container image adds to the installed dependencies: the built packages that the gateway can reach, the
// list of built-in plugins, and the command. `node tools/image-tree.mjs FOLDER`, after a build.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const COMMAND = '@turnpike/cli';
const BUNDLE = join('deploy', 'bundles', 'standard.json');
const EXTRAS = [BUNDLE, 'LICENSE'];
/** Of use to compilers and editors only. */
const NOT_NEEDED = /\.d\.ts$|\.tsbuildinfo$/;

const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

const subfolders = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map((entry) => join(folder, entry.name));

/** Name → folder and manifest of every package of this repository. */
const workspaces = new Map(
  ['apps', 'libs', ...subfolders('plugins')]
    .flatMap(subfolders)
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const manifest = readJson(join(folder, 'package.json'));
      return [manifest.name, { folder, manifest }];
    }),
);

/** The packages that these depend on, and those that they depend on, themselves included. Test kits are not among them. */
const reachable = (names) => {
  const found = new Set();
  const visit = (name) => {
    const workspace = workspaces.get(name);
    if (!workspace || found.has(name)) return;
    found.add(name);
    Object.keys(workspace.manifest.dependencies ?? {}).forEach(visit);
  };
  names.forEach(visit);
  return [...found];
};

const layOut = (target) => {
  const put = (path) =>
    cpSync(join(root, path), join(target, path), { recursive: true, filter: (from) => !NOT_NEEDED.test(from) });

  const builtIn = readJson(BUNDLE).plugins.map((plugin) => plugin.package);
  for (const name of reachable([COMMAND, ...builtIn])) {
    const { folder, manifest } = workspaces.get(name);
    put(join(folder, 'package.json'));
    for (const path of manifest.files) put(join(folder, path));
  }
  EXTRAS.forEach(put);

  const { folder, manifest } = workspaces.get(COMMAND);
  mkdirSync(join(target, 'bin'), { recursive: true });
  for (const [name, path] of Object.entries(manifest.bin)) {
    const file = join(target, folder, path);
    chmodSync(file, 0o755);
    symlinkSync(relative(join(target, 'bin'), file), join(target, 'bin', name));
  }
};

const [target] = process.argv.slice(2);
if (target === undefined) {
  console.error('Usage: node tools/image-tree.mjs FOLDER');
  process.exit(1);
}
layOut(target);
