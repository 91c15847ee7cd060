#!/usr/bin/env node
// The installed command. It is here before anything is built, so that package managers can link it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `Turnpike needs Node 22.19 or newer; this is ${process.versions.node}. From a checkout, npm start brings its own.`,
  );
  process.exit(1);
}
await import('../dist/main.js');
