// `npm run check`: every check that is neither a test nor lint. Runs them all, so that one run tells of every failure.
// Needs a build.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nodePath, root } from './prepare.mjs';

const CHECKS = [
  ['imports keep to the rooms', ['tools/check-imports.mjs']],
  ['the bundle list is current', ['tools/bundle.mjs', '--check']],
  ['docs/openapi.json is current', ['tools/openapi.mjs', '--check']],
  ['the contract in proto/ is sound, and its code current', ['tools/proto.mjs', '--check']],
  ['generated pages are current', ['tools/docs.mjs', '--check']],
  ['documents are right about what can be looked up', ['tools/check-docs.mjs']],
  ['tests have sound types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json']],
  ['the benchmark has sound types', ['node_modules/typescript/bin/tsc', '-p', 'bench']],
];

const failed = CHECKS.filter(([title, [script, ...args]]) => {
  const { status } = spawnSync(nodePath(), [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${title}`);
  return status !== 0;
});
console.log(`${CHECKS.length - failed.length} of ${CHECKS.length} checks passed.`);
process.exit(failed.length > 0 ? 1 : 0);
