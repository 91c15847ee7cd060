// Writes the pages in docs/ that are made from code, errors.md and providers.md, and the files that pages show. `--check`
// fails when one is not what would be written. Needs a build.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { errorsPage } from './docs/errors-page.mjs';
import { providersPage } from './docs/providers-page.mjs';
import { withShownFiles } from './docs/shown-files.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const docs = join(root, 'docs');
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const { ERRORS } = await import(pathToFileURL(join(root, 'libs/errors/dist/index.js')).href);

const providerFolders = new Map(
  readdirSync(join(root, 'plugins', 'providers')).flatMap((name) => {
    const folder = join(root, 'plugins', 'providers', name);
    const manifest = join(folder, 'package.json');
    return existsSync(manifest) ? [[readJson(manifest).name, folder]] : [];
  }),
);

const readmeOf = (packageName) => {
  const file = join(providerFolders.get(packageName) ?? docs, 'README.md');
  return existsSync(file) && providerFolders.has(packageName) ? relative(docs, file) : undefined;
};

const textOf = (path) => readFileSync(join(root, path), 'utf8');

const pages = {
  'errors.md': errorsPage(ERRORS),
  'providers.md': providersPage(readJson(join(root, 'deploy/bundles/standard.json')), readmeOf),
  'grpc.md': withShownFiles(textOf('docs/grpc.md'), textOf),
};

const isCheck = process.argv.includes('--check');
const stale = Object.entries(pages).filter(([name, text]) => {
  const file = join(docs, name);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
});
for (const [name, text] of stale) {
  if (isCheck) console.error(`docs/${name} is out of date. Run: npm run docs`);
  else writeFileSync(join(docs, name), text);
}
process.exit(isCheck && stale.length > 0 ? 1 : 0);
