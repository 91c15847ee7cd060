import { afterEach, describe, expect, it } from '@jest/globals';
import { brokenPlugins, fakeHost } from '@turnpike/plugin-testkit';
import { createHash } from 'node:crypto';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from './catalogue.js';
import type { HookEvent } from './containment.js';
import type { PluginUse } from './graph.js';
import { Kernel } from './kernel.js';
import { StateStore } from './shared-state.js';

const folders: string[] = [];
/** Inside the tree, because jest resolves imports by itself; plugins outside of it have an end-to-end test. */
const TEMPORARY = fileURLToPath(new URL('../../../node_modules/.turnpike/', import.meta.url));

const folder = (): string => {
  mkdirSync(TEMPORARY, { recursive: true });
  const made = mkdtempSync(join(TEMPORARY, 'kernel-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

const BUNDLE: Bundle = { plugins: [] };

const kernelIn = (base: string, bundle = BUNDLE): { kernel: Kernel; events: HookEvent[] } => {
  const host = fakeHost();
  const events: HookEvent[] = [];
  const kernel = new Kernel({
    bundle,
    base,
    onHook: (event) => events.push(event),
    deadlines: { startMs: 100, stopMs: 100, healthMs: 100 },
    services: {
      logger: () => host.log,
      metrics: () => host.metrics,
      clock: host.clock,
      random: host.random,
      models: host.models,
      http: host.http,
      state: new StateStore(),
      dataDir: base,
    },
  });
  return { kernel, events };
};

/** A strategy that picks a fixed index; `extra` is put into its module. */
const strategyText = (index: number, { id = 'strategy.fixed', body = '' } = {}): string => `
import { definePlugin, z } from '@turnpike/plugin-sdk';
export default definePlugin({
  contract: 'strategy/v1', id: '${id}', capabilities: ['select'], aliases: ['steady'],
  config: z.strictObject({ index: z.number().default(${index}) }),
  init: (config, host) => ({ select: { select: () => config.index }, ${body} }),
});`;

const write = (base: string, name: string, text: string): string => {
  writeFileSync(join(base, name), text);
  return join(base, name);
};

const use = (id: string, settings = {}, more: Partial<PluginUse> = {}): PluginUse => ({
  id,
  key: id,
  settings,
  ...more,
});

const load = async (
  kernel: Kernel,
  path: string,
  uses: PluginUse[] | string,
): Promise<Awaited<ReturnType<Kernel['prepare']>>> => {
  const catalogue = await kernel.discover([{ path }]);
  return kernel.prepare(catalogue, typeof uses === 'string' ? [use(uses)] : uses);
};

describe('Kernel', () => {
  it('finds, sets up, starts and lists a plugin from a path', async () => {
    const base = folder();
    const path = write(base, 'fixed.mjs', strategyText(2));
    const { kernel } = kernelIn(base);
    const prepared = await load(kernel, path, 'strategy.fixed');
    kernel.commit(prepared);
    expect(prepared.graph.get<'strategy/v1'>('strategy.fixed')!.exports.select.select([], {} as never)).toBe(2);
    const hash = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
    expect(await kernel.report()).toMatchObject([
      {
        id: 'strategy.fixed',
        kind: 'strategy',
        origin: 'path',
        from: path,
        hash,
        status: 'started',
        instances: 1,
        health: { status: 'up' },
      },
    ]);
  });

  it('finds a plugin by an alias of its kind', async () => {
    const base = folder();
    const { kernel } = kernelIn(base);
    const { graph } = await load(kernel, write(base, 'fixed.mjs', strategyText(1)), 'strategy.steady');
    expect(graph.get('strategy.steady')?.id).toBe('strategy.fixed');
  });

  it('finds an installed package, and a folder with an entry', async () => {
    const base = folder();
    for (const home of [join(base, 'node_modules', '@acme', 'fixed'), join(base, 'beside')]) {
      mkdirSync(join(home, 'lib'), { recursive: true });
      writeFileSync(
        join(home, 'package.json'),
        JSON.stringify({
          name: '@acme/fixed',
          version: '3.2.1',
          type: 'module',
          exports: { '.': { import: './lib/main.js' } },
        }),
      );
      writeFileSync(join(home, 'lib', 'main.js'), strategyText(5));
    }
    for (const source of [{ package: '@acme/fixed' }, { path: './beside' }]) {
      const { kernel } = kernelIn(base);
      kernel.commit(await kernel.prepare(await kernel.discover([source]), [use('strategy.fixed')]));
      expect(await kernel.report()).toMatchObject([{ version: '3.2.1', status: 'started' }]);
    }
  });

  it('shares one instance among uses with one key', async () => {
    const base = folder();
    const { kernel } = kernelIn(base);
    const uses = [
      use('strategy.fixed', { index: 1 }, { key: 'a' }),
      use('strategy.fixed', { index: 1 }, { key: 'a' }),
      use('strategy.fixed', { index: 2 }, { key: 'b' }),
    ];
    const { graph } = await load(kernel, write(base, 'fixed.mjs', strategyText(0)), uses);
    expect(graph.all()).toHaveLength(2);
  });

  it('checks an integrity pin', async () => {
    const base = folder();
    const path = write(base, 'fixed.mjs', strategyText(0));
    const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
    const { kernel } = kernelIn(base);
    await expect(kernel.discover([{ path, integrity }])).resolves.toBeDefined();
    await expect(kernel.discover([{ path, integrity: 'sha512-AAAA' }])).rejects.toMatchObject({
      code: 'GW_PLUGIN_INTEGRITY',
    });
  });

  it('says which plugins there are when one is unknown', async () => {
    const base = folder();
    const { kernel } = kernelIn(base);
    await expect(load(kernel, write(base, 'fixed.mjs', strategyText(0)), 'strategy.fxied')).rejects.toThrow(
      /strategy\.fxied.*Known: strategy\.fixed/,
    );
  });

  it('names plugin, step and key when settings are refused', async () => {
    const base = folder();
    const { kernel } = kernelIn(base);
    const refused = load(kernel, write(base, 'fixed.mjs', strategyText(0)), [use('strategy.fixed', { idnex: 1 })]);
    await expect(refused).rejects.toThrow(/strategy\.fixed, step config: .*idnex/);
  });

  it('reports refused settings instead of failing where that was asked for', async () => {
    const base = folder();
    const { kernel } = kernelIn(base);
    const { graph } = await load(kernel, write(base, 'fixed.mjs', strategyText(0)), [
      use('strategy.fixed', { idnex: 1 }, { mayBeRefused: true }),
    ]);
    expect([graph.all(), graph.refused.get('strategy.fixed')?.code]).toEqual([[], 'GW_PLUGIN_CONFIG']);
  });

  it('tells which settings the entry gives, by name, and gives them to every use', async () => {
    const base = folder();
    const { kernel } = kernelIn(base);
    const path = write(base, 'fixed.mjs', strategyText(0));
    const catalogue = await kernel.discover([{ path, config: { index: 3, label: '' } }]);
    expect(catalogue.manifests().map(({ given }) => given)).toEqual([['index']]);
    const plain = await kernel.prepare(await kernel.discover([{ path, config: { index: 3 } }]), [
      use('strategy.fixed'),
    ]);
    expect(plain.graph.get<'strategy/v1'>('strategy.fixed')?.exports.select.select([], {} as never)).toBe(3);
  });

  const fatal = brokenPlugins.filter(({ step }) => !['hook', 'stop', 'health'].includes(step));
  it.each(fatal)('refuses a plugin that is broken: $name', async ({ path, step, code }) => {
    const { kernel } = kernelIn(folder());
    const attempt = async (): Promise<unknown> => {
      const catalogue = await kernel.discover([{ path }]);
      return kernel.prepare(catalogue, [use(catalogue.known()[0]!.manifest.id)]);
    };
    await expect(attempt()).rejects.toMatchObject({ code, message: expect.stringContaining(`step ${step}`) });
  });

  const bearable = brokenPlugins.filter(({ step }) => ['stop', 'health'].includes(step));
  it.each(bearable)('bears a plugin that is broken: $name', async ({ path, step }) => {
    const { kernel } = kernelIn(folder());
    const catalogue = await kernel.discover([{ path }]);
    kernel.commit(await kernel.prepare(catalogue, [use(catalogue.known()[0]!.manifest.id)]));
    const [report] = await kernel.report();
    expect(report?.health.status).toBe(step === 'health' ? 'down' : 'up');
    await expect(kernel.stop()).resolves.toBeUndefined();
  });

  const hooks = brokenPlugins.filter(({ step }) => step === 'hook');
  it.each(hooks)('contains a hook that is broken: $name', async ({ path, code }) => {
    const { kernel, events } = kernelIn(folder());
    const catalogue = await kernel.discover([{ path }]);
    const { id } = catalogue.known()[0]!.manifest;
    const { graph } = await kernel.prepare(catalogue, [use(id)]);
    const instance = graph.get<'callback/v1'>(id)!;
    await expect(
      instance.hooks.run('onSuccess', 50, (signal) => instance.exports.events.onSuccess?.([], signal)),
    ).rejects.toMatchObject({ code });
    expect(events).toHaveLength(1);
  });

  it('stops what it had started when a later plugin fails', async () => {
    const base = folder();
    const log = join(base, 'log');
    const body = `start: async () => { (await import('node:fs')).appendFileSync('${log}', 'start '); }, stop: async () => { (await import('node:fs')).appendFileSync('${log}', 'stop '); }`;
    const good = write(base, 'good.mjs', strategyText(0, { id: 'strategy.good', body }));
    const bad = brokenPlugins.find(({ name }) => name === 'start-throws')!;
    const { kernel } = kernelIn(base);
    const catalogue = await kernel.discover([{ path: good }, { path: bad.path }]);
    const ids = catalogue.known().map(({ manifest }) => manifest.id);
    await expect(
      kernel.prepare(
        catalogue,
        ids.map((id) => use(id)),
      ),
    ).rejects.toMatchObject({ code: 'GW_PLUGIN_START' });
    expect(readFileSync(log, 'utf8')).toBe('start stop ');
  });

  it('leaves the running graph as it is until the next one is committed, and gives the former back', async () => {
    const base = folder();
    const path = write(base, 'fixed.mjs', strategyText(0));
    const { kernel } = kernelIn(base);
    const first = await load(kernel, path, 'strategy.fixed');
    kernel.commit(first);
    const broken = brokenPlugins.find(({ name }) => name === 'init-throws')!;
    await expect(load(kernel, broken.path, [use('strategy.fixed')])).rejects.toBeDefined();
    expect(await kernel.report()).toMatchObject([{ id: 'strategy.fixed', status: 'started' }]);
    const second = await load(kernel, path, 'strategy.fixed');
    expect(kernel.commit(second)).toBe(first.graph);
  });

  it.each([
    ['open', true],
    ['closed', false],
  ])('rests a plugin that keeps failing, unless calls need it: failure %s', async (failure, isResting) => {
    const base = folder();
    const { kernel } = kernelIn(base);
    const text = strategyText(0).replace("aliases: ['steady'],", `failure: '${failure}',`);
    const { graph } = await load(kernel, write(base, 'fixed.mjs', text), 'strategy.fixed');
    const { hooks } = graph.get<'strategy/v1'>('strategy.fixed')!;
    const fail = (): never => {
      throw new Error('broken');
    };
    for (let round = 0; round < 100; round += 1)
      await expect(hooks.run('select', 100, fail)).rejects.toMatchObject({ code: 'GW_PLUGIN_HOOK' });
    expect(hooks.isResting).toBe(isResting);
  });

  it('imports a plugin of the bundle only when it is used', async () => {
    const base = folder();
    const home = join(base, 'node_modules', 'lazy');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'lazy', type: 'module', main: 'index.js' }));
    writeFileSync(
      join(home, 'index.js'),
      `globalThis.lazyWasImported = true; ${strategyText(0, { id: 'strategy.lazy' })}`,
    );
    const manifest = {
      id: 'strategy.lazy',
      contract: 'strategy/v1',
      capabilities: ['select'],
      configSchema: {},
      prefixes: [],
      recognises: [],
      aliases: [],
      env: {},
      legacyKeys: [],
      failure: 'open' as const,
      needs: [],
    };
    const { kernel } = kernelIn(base, { plugins: [{ package: 'lazy', manifests: [manifest] }] });
    const catalogue = await kernel.discover([]);
    expect(Reflect.has(globalThis, 'lazyWasImported')).toBe(false);
    await kernel.prepare(catalogue, [use('strategy.lazy')]);
    expect(Reflect.has(globalThis, 'lazyWasImported')).toBe(true);
  });
});
