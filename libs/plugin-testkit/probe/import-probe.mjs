// Imports a plugin's entry in a process of its own and tells on descriptor 3 what the import did.
// Started by the kit: node import-probe.mjs <url of the entry>
import childProcess from 'node:child_process';
import dns from 'node:dns';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import timers from 'node:timers';

const effects = [];

/** Replaces functions by ones that note their call and go on. */
const watch = (owner, label, names) => {
  for (const name of names) {
    const original = owner[name];
    if (typeof original !== 'function') continue;
    owner[name] = function watched(...parameters) {
      effects.push(`${label}.${name}`);
      return Reflect.apply(original, this, parameters);
    };
  }
};

const writers = ['appendFile', 'chmod', 'copyFile', 'mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'unlink', 'writeFile'];
const report = fs.writeSync.bind(fs, 3);

watch(fs, 'fs', [...writers, ...writers.map((name) => `${name}Sync`), 'createWriteStream']);
watch(fs.promises, 'fs.promises', writers);
watch(net.Socket.prototype, 'net.Socket', ['connect']);
watch(net.Server.prototype, 'net.Server', ['listen']);
watch(http, 'http', ['request', 'get']);
watch(https, 'https', ['request', 'get']);
watch(dns, 'dns', ['lookup', 'resolve']);
watch(childProcess, 'child_process', ['exec', 'execFile', 'execSync', 'fork', 'spawn', 'spawnSync']);
watch(timers, 'timers', ['setTimeout', 'setInterval', 'setImmediate']);
watch(globalThis, 'globalThis', ['setTimeout', 'setInterval', 'setImmediate', 'fetch']);
syncBuiltinESMExports();

const before = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection');
let exported;
let problem;
try {
  exported = (await import(process.argv[2])).default;
} catch (error) {
  problem = String(error);
}
const after = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection');
if (after > before) effects.push('process.on');

report(
  JSON.stringify({
    problem,
    effects: [...new Set(effects)],
    ids: (Array.isArray(exported) ? exported : [exported]).map((plugin) => String(plugin?.id)),
  }),
);
