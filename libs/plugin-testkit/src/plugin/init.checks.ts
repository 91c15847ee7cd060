// `init` gives what the manifest says and touches nothing.
import { instanceProblems } from '@turnpike/plugin-sdk';
import { check, must, type Check } from '../check.js';
import { fakeHost } from '../host/fake-host.js';
import type { PluginSubject } from './conformance.js';
import { openPlugin } from './opened.js';

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
  check(
    'init/capabilities',
    'returns exactly the capabilities it declares, with the functions of their contract',
    () => {
      const problems = instanceProblems(subject.plugin, openPlugin(subject).instance);
      must(problems.length === 0, `${problems.join('; ')}.`);
    },
  ),
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
