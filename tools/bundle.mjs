// Writes deploy/bundles/standard.json: the manifests of every plugin under plugins/, read from the built packages.
// `--check` fails when the file is not what would be written.
import { readdirSync, readFileSync, writeFileSync, mkdirSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'deploy', 'bundles', 'standard.json');
const { checkModule, toManifest } = await import(pathToFileURL(join(root, 'libs/kernel/dist/index.js')).href);

const plugins = [];
for (const kind of readdirSync(join(root, 'plugins')).sort()) {
  for (const name of readdirSync(join(root, 'plugins', kind)).sort()) {
    const folder = join(root, 'plugins', kind, name);
    if (!existsSync(join(folder, 'package.json'))) continue;
    const { name: packageName } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const exported = (await import(pathToFileURL(join(folder, 'dist/index.js')).href)).default;
    const modules = Array.isArray(exported) ? exported : [exported];
    plugins.push({
      package: packageName,
      manifests: modules.map((module) => toManifest(checkModule(module, packageName))),
    });
  }
}

const text = `${JSON.stringify({ plugins }, null, 1)}\n`;
if (process.argv.includes('--check')) {
  const current = existsSync(target) ? readFileSync(target, 'utf8') : '';
  if (current !== text) {
    console.error('deploy/bundles/standard.json is out of date. Run: npm run bundle');
    process.exit(1);
  }
} else {
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
}
