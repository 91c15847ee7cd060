import { ERRORS, type AnyPlugin, type EventsV1 } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { brokenPlugins, type BrokenStep } from './broken-plugins.js';
import { callbackChecks } from './callback/conformance.js';
import { failuresOf } from './check.js';
import { fakeHost } from './host/fake-host.js';
import { openPlugin } from './plugin/opened.js';
import { pluginChecks } from './plugin/conformance.js';

const ofStep = (...steps: BrokenStep[]) => brokenPlugins.filter(({ step }) => steps.includes(step));

const pathOf = (name: string): string => brokenPlugins.find((broken) => broken.name === name)!.path;

const load = async (path: string): Promise<AnyPlugin> =>
  ((await import(pathToFileURL(path).href)) as { default: AnyPlugin }).default;

const failing = async (plugin: AnyPlugin): Promise<string[]> => {
  const checks = pluginChecks({ plugin, config: {} }).filter(({ id }) => !id.startsWith('import/'));
  return Object.keys(await failuresOf(checks));
};

it('lists every file of the folder', () => {
  const files = readdirSync(new URL('../fixtures/broken/', import.meta.url)).map((file) => file.replace('.js', ''));
  const listed = brokenPlugins.map(({ name }) => name).filter((name) => name !== 'no-such-file');
  expect(listed.sort()).toEqual(files.sort());
  for (const { code } of brokenPlugins) expect(code === undefined || code in ERRORS).toBe(true);
});

describe('a broken plugin', () => {
  it('that is not to be found has no entry', () => {
    expect(ofStep('find').map(({ name, path }) => [name, existsSync(path)])).toEqual([
      ['no-such-file', false],
      ['no-entry', true],
    ]);
  });

  it.each(ofStep('import'))('cannot be imported: $name', async ({ path }) => {
    await expect(import(pathToFileURL(path).href)).rejects.toThrow();
  });

  it('without a default export has none', async () => {
    expect(await load(pathOf('no-default-export'))).toBeUndefined();
  });

  it.each<[string, string[]]>([
    ['wrong-contract', ['manifest/contract', 'manifest/capabilities']],
    ['bad-id', ['manifest/id']],
    ['id-of-another-kind', ['manifest/id']],
    ['unknown-capability', ['manifest/capabilities']],
    ['no-operations', ['manifest/capabilities']],
    ['config-not-strict', ['config/strict']],
    ['config-refused', ['config/valid', 'init/capabilities']],
    ['fewer-capabilities', ['init/capabilities']],
    ['more-capabilities', ['init/capabilities']],
    ['init-returns-promise', ['init/capabilities']],
    ['stop-is-no-function', ['init/capabilities']],
    ['no-hooks', ['init/capabilities']],
    ['bare-select', ['init/capabilities']],
    ['operation-without-kind', ['init/capabilities']],
    ['operation-without-endpoint', ['init/capabilities']],
    ['cache-without-set', ['init/capabilities']],
    ['guardrail-without-check', ['init/capabilities']],
  ])('fails the suite where it is broken: %s', async (name, fails) => {
    const plugin = await load(pathOf(name));
    expect((await failing(plugin)).filter((id) => /^(manifest|config|init\/capabilities)/.test(id))).toEqual(fails);
  });

  it.each(['init-throws', 'init-returns-nothing'])('fails every check that needs an instance: %s', async (name) => {
    const plugin = await load(pathOf(name));
    expect(await failing(plugin)).toContain('init/capabilities');
  });

  it.each<['start' | 'stop' | 'health', string, string]>([
    ['start', 'slow-start', 'late'],
    ['start', 'start-throws', 'failed'],
    ['stop', 'stop-hangs', 'late'],
    ['stop', 'stop-throws', 'failed'],
    ['health', 'health-hangs', 'late'],
    ['health', 'health-throws', 'failed'],
  ])('breaks in %s: %s', async (hook, name, outcome) => {
    const life = openPlugin({ plugin: await load(pathOf(name)), config: {} }).instance;
    const ended = life[hook]!(new AbortController().signal).then(
      () => 'fine',
      () => 'failed',
    );
    const late = new Promise((resolve) => setTimeout(resolve, 20, 'late'));
    expect(await Promise.race([ended, late])).toBe(outcome);
  });

  it.each(ofStep('hook'))(
    'breaks in onSuccess: $name',
    async ({ path }) => {
      const subject = { plugin: await load(path), config: {} };
      const only = callbackChecks(subject).filter(({ id }) => id === 'events/told');
      const events: EventsV1 = openPlugin<'callback/v1'>({ ...subject, host: fakeHost }).instance.events;
      expect(typeof events.onSuccess).toBe('function');
      expect(Object.keys(await failuresOf(only))).toEqual(['events/told']);
    },
    15_000,
  );

  it.each<[string, string]>([
    ['stop-throws', 'lifecycle/stop-twice'],
    ['health-throws', 'lifecycle/health-answers'],
    ['health-hangs', 'lifecycle/health-answers'],
  ])('fails the suite where it is broken: %s', async (name, id) => {
    const plugin = await load(pathOf(name));
    const checks = pluginChecks({ plugin, config: {} }).filter((candidate) => candidate.id === id);
    expect(Object.keys(await failuresOf(checks))).toEqual([id]);
  });
});
