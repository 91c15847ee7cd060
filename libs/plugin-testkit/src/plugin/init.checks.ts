// `init` gives what the manifest says and touches nothing.
import { check, must, type Check } from '../check.js';
import { fakeHost } from '../host/fake-host.js';
import type { PluginSubject } from './conformance.js';
import { openPlugin, type AnyInstance } from './opened.js';

const LIFECYCLE: ReadonlySet<string> = new Set(['start', 'stop', 'health']);

/** Global functions that start something. */
const STARTERS = ['setTimeout', 'setInterval', 'setImmediate', 'fetch'] as const;

/** Runs `body` with the starters watched. @returns names of those that were called */
const startedDuring = (body: () => void): string[] => {
  const called: string[] = [];
  const globals = globalThis as unknown as Record<string, (...parameters: unknown[]) => unknown>;
  const originals = STARTERS.map((name) => [name, globals[name]!] as const);
  for (const [name, original] of originals) {
    globals[name] = (...parameters) => {
      called.push(name);
      return original(...parameters);
    };
  }
  try {
    body();
  } finally {
    for (const [name, original] of originals) globals[name] = original;
  }
  return called;
};

/** Kinds of handles that `body` opened and left open: `Timeout`, `TCPSocketWrap`, `FSReqCallback` … */
const handlesAfter = (body: () => void): string[] => {
  const before = process.getActiveResourcesInfo();
  body();
  const added = process.getActiveResourcesInfo();
  for (const kind of before) {
    const index = added.indexOf(kind);
    if (index !== -1) added.splice(index, 1);
  }
  return added;
};

export const initChecks = (subject: PluginSubject): Check[] => [
  check('init/capabilities', 'returns exactly the capabilities it declares', () => {
    const instance = openPlugin(subject).instance as unknown as AnyInstance | null;
    must(typeof instance === 'object' && instance !== null, 'It returned no object.');
    must(typeof instance['then'] !== 'function', 'It returned a promise; work that waits belongs in start.');
    const declared = subject.plugin.capabilities;
    for (const name of declared) must(instance[name] !== undefined, `'${name}' is declared and not returned.`);
    for (const name of Object.keys(instance)) {
      must(declared.includes(name) || LIFECYCLE.has(name), `'${name}' is returned and not declared.`);
    }
    for (const name of LIFECYCLE) {
      const hook = instance[name];
      must(hook === undefined || typeof hook === 'function', `'${name}' is no function.`);
    }
  }),
  check('init/quiet', 'does no I/O and sets no timers', () => {
    const host = (subject.host ?? fakeHost)();
    let started: string[] = [];
    const handles = handlesAfter(() => {
      started = startedDuring(() => openPlugin({ ...subject, host: () => host }));
    });
    must(host.http.requests.length === 0, () => `It asked for ${host.http.requests[0]?.url}`);
    must(host.clock.pendingTimers === 0, 'It set a timer of the host.');
    must(host.madeDataDir === undefined, 'It had its data directory made.');
    must(started.length === 0, `It called ${started.join(', ')}.`);
    must(handles.length === 0, `It left handles open: ${handles.join(', ')}`);
  }),
];
