// `npm start`: sets up what is missing, then runs the turnpike command with the flags after `--`.
import { join } from 'node:path';
import { prepare, root, runNode } from './prepare.mjs';

prepare();
runNode([join(root, 'apps', 'cli', 'dist', 'main.js'), ...process.argv.slice(2)]);
