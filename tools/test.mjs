// `npm test`: sets up what is missing, then runs every suite (or those named after `--`).
import { join } from 'node:path';
import { prepare, root, runNode } from './prepare.mjs';

prepare();
runNode(
  [
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--config',
    join(root, 'jest.config.mjs'),
    ...process.argv.slice(2),
  ],
  {
    ...process.env,
    NODE_OPTIONS:
      `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim(),
  },
);
