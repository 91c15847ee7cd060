// Packs what a gateway process runs into apps/gateway/build: its own code, the libraries, the built-in plugins, the SDK that
// plugins from elsewhere are given, and the third-party packages. A start then reads under a hundred files instead of 2,200, and
// what two of them share is in one place, so a plugin and its host mean the same classes. From the output of `tsc -b`.
import { build } from 'esbuild';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const target = join(root, 'apps', 'gateway', 'build');
const dist = join(root, 'apps', 'gateway', 'dist');

const builtIn = JSON.parse(readFileSync(join(root, 'deploy', 'bundles', 'standard.json'), 'utf8')).plugins;

/** Output → input. All but the plugins lie in one folder, at the depth of `dist`: what is relative to a module stays true. */
const entryPoints = {
  main: join(dist, 'main.js'),
  'token-counter.worker': join(dist, 'runtime', 'token-counter.worker.js'),
  'plugin-sdk': '@turnpike/plugin-sdk',
  ...Object.fromEntries(builtIn.map(({ package: name }) => [`plugins/${name.slice(name.indexOf('/') + 1)}`, name])),
};

/** What frameworks look for and do without. One is there, for the ledger: Nest would load it into every gateway. */
const ABSENT = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
];

/** Left as packages: undici, of which a gateway reads a tenth, and what the others ask for only in uses that it has not. */
const EXTERNAL = ['undici', '@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', '@grpc/proto-loader'];

/** @type {import('esbuild').Plugin} */
const absent = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(?:${ABSENT.join('|')})(?:/|$)`) }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /^/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`The gateway is built without ${path}.`)});`,
    }));
  },
};

/**
 * TypeScript names a decorated class twice, inside and out, and the packer calls the inner one another name. The OpenAPI
 * document is written by it.
 * @type {import('esbuild').Plugin}
 */
const classNames = {
  name: 'class-names',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]apps[\\/]gateway[\\/]dist[\\/].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        /^let (\w+) = (?:\w+ = )?class \1 .*\{$/gm,
        "$&\nstatic { Object.defineProperty(this, 'name', { value: '$1' }); }",
      ),
    }));
  },
};

rmSync(target, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints,
  outdir: target,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  // V8 keeps the text of what it runs: no comments, and nothing that takes two bytes a character. Names stay, and lines are
  // short, so that a stack trace can be read; `node --enable-source-maps` shows the sources.
  minifyWhitespace: true,
  lineLimit: 120,
  charset: 'ascii',
  legalComments: 'external',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  external: EXTERNAL,
  plugins: [absent, classNames],
  // CommonJS packages call it, and ask where they are.
  banner: {
    js: [
      "import { createRequire as $createRequire } from 'node:module';",
      'const require = $createRequire(import.meta.url), { filename: __filename, dirname: __dirname } = import.meta;',
    ].join('\n'),
  },
});
