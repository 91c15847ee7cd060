import { afterEach, describe, expect, it } from '@jest/globals';
import type { HttpClient } from '@turnpike/plugin-sdk';
import { brokenPlugins, fakeHost } from '@turnpike/plugin-testkit';
import { createHash } from 'node:crypto';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from './catalogue.js';
import type { HookEvent } from './containment.js';
import type { PluginGraph, PluginUse } from './graph.js';
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

const GUARDED: HttpClient = { request: () => Promise.reject(new Error('guarded')) };

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
      guardedHttp: GUARDED,
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

const manifestOf = (id: string): Bundle['plugins'][number]['manifests'][number] => ({
  id,
  contract: 'strategy/v1',
  capabilities: ['select'],
  configSchema: {},
  prefixes: [],
  recognises: [],
  aliases: [],
  env: {},
  legacyKeys: [],
  failure: 'open',
  needs: [],
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
      use('strategy.fixed', { idnex: 1 }, { mayFail: 'settings' }),
    ]);
    expect([graph.all(), graph.refused.get('strategy.fixed')?.code]).toEqual([[], 'GW_PLUGIN_CONFIG']);
  });

  /** Its choice is the number of instances that there were before it; its timers, starts and stops are told. */
  const COUNTED = strategyText(0)
    .replace('export default', 'globalThis.counted ??= { made: 0, stopped: 0 };\nexport default')
    .replace(
      'init: (config, host) => ({ select: { select: () => config.index },  }),',
      `init: () => { const own = globalThis.counted.made++; return {
        select: { select: () => own }, stop: async () => { globalThis.counted.stopped += 1; } }; },`,
    );
  const chosenBy = (graph: PluginGraph, key: string): unknown =>
    graph.get<'strategy/v1'>(key)?.exports.select.select([], {} as never);

  it('takes over what runs as the next plan wants it, and stops what nobody wants any more', async () => {
    const counted = { made: 0, stopped: 0 };
    Object.assign(globalThis, { counted });
    const { kernel } = kernelIn(folder());
    const catalogue = await kernel.discover([{ path: write(folder(), 'counted.mjs', COUNTED) }]);
    const plan = (...indices: number[]): PluginUse[] =>
      indices.map((index) => use('strategy.fixed', { index }, { key: `k${index}` }));
    const first = await kernel.prepare(catalogue, plan(1, 2));
    kernel.commit(first);
    const second = await kernel.prepare(catalogue, plan(2, 3));
    kernel.commit(second);
    expect([chosenBy(second.graph, 'k2'), chosenBy(second.graph, 'k3'), counted.made]).toEqual([1, 2, 3]);
    await first.graph.stop();
    expect([counted.stopped, second.graph.get('k2')?.status]).toEqual([1, 'started']);
    await kernel.stop();
    expect(counted.stopped).toBe(3);
  });

  it('leaves what runs alone when the next plan comes to nothing', async () => {
    const { kernel } = kernelIn(folder());
    const catalogue = await kernel.discover([{ path: write(folder(), 'fixed.mjs', strategyText(1)) }]);
    const running = await kernel.prepare(catalogue, [use('strategy.fixed')]);
    kernel.commit(running);
    const wrong = use('strategy.fixed', { idnex: 1 }, { key: 'wrong' });
    await expect(kernel.prepare(catalogue, [use('strategy.fixed'), wrong])).rejects.toThrow(/idnex/);
    expect(running.graph.get('strategy.fixed')?.status).toBe('started');
  });

  it('takes over nothing with other code, other settings or another guard', async () => {
    const { kernel } = kernelIn(folder());
    const path = write(folder(), 'fixed.mjs', strategyText(1));
    const catalogue = await kernel.discover([{ path }]);
    const first = await kernel.prepare(catalogue, [use('strategy.fixed')]);
    kernel.commit(first);
    const others = [
      await kernel.prepare(catalogue, [use('strategy.fixed', { index: 5 })]),
      await kernel.prepare(catalogue, [use('strategy.fixed', {}, { isGuarded: true })]),
      await kernel.prepare(await kernel.discover([{ path }]), [use('strategy.fixed')]),
    ];
    for (const { graph } of others) expect(graph.get('strategy.fixed')).not.toBe(first.graph.get('strategy.fixed'));
  });

  it('lets a guarded use call guarded only, and without what the entry gives', async () => {
    const path = write(
      folder(),
      'caller.mjs',
      strategyText(0).replace('select: () => config.index', 'select: () => [config.index, host.http]'),
    );
    const { kernel } = kernelIn(folder());
    const { graph } = await kernel.prepare(await kernel.discover([{ path, config: { index: 7 } }]), [
      use('strategy.fixed', {}, { key: 'open' }),
      use('strategy.fixed', {}, { key: 'guarded', isGuarded: true }),
    ]);
    expect(chosenBy(graph, 'guarded')).toEqual([0, GUARDED]);
    expect(chosenBy(graph, 'open')).toEqual([7, expect.not.objectContaining(GUARDED)]);
  });

  it('reports whatever fails where that was asked for', async () => {
    const failing = strategyText(0, { body: "start: async () => { throw new Error('no luck'); }" });
    const { kernel } = kernelIn(folder());
    const catalogue = await kernel.discover([{ path: write(folder(), 'failing.mjs', failing) }]);
    const { graph } = await kernel.prepare(catalogue, [use('strategy.fixed', {}, { mayFail: 'always' })]);
    expect([graph.all(), graph.refused.get('strategy.fixed')?.code]).toEqual([[], 'GW_PLUGIN_START']);
    const strict = kernel.prepare(catalogue, [use('strategy.fixed', {}, { mayFail: 'settings' })]);
    await expect(strict).rejects.toMatchObject({ code: 'GW_PLUGIN_START' });
  });

  it('checks settings without making anything', async () => {
    const { kernel } = kernelIn(folder());
    const catalogue = await kernel.discover([{ path: write(folder(), 'fixed.mjs', strategyText(0)) }]);
    kernel.commit(await kernel.prepare(catalogue, []));
    await expect(kernel.check(use('strategy.fixed', { index: 1 }))).resolves.toBeUndefined();
    await expect(kernel.check(use('strategy.fixed', { idnex: 1 }))).rejects.toMatchObject({ code: 'GW_PLUGIN_CONFIG' });
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

  it('takes what a build has packed, and looks the rest up as packages', async () => {
    const base = folder();
    const packed = { plugins: join(base, 'packed'), sdk: join(base, 'packed', 'sdk.js') };
    mkdirSync(packed.plugins);
    for (const [at, name] of ['here', 'there'].entries()) {
      const home = join(base, 'node_modules', '@acme', name);
      mkdirSync(home, { recursive: true });
      writeFileSync(
        join(home, 'package.json'),
        JSON.stringify({ name: `@acme/${name}`, type: 'module', main: 'index.js' }),
      );
      writeFileSync(join(home, 'index.js'), strategyText(at, { id: `strategy.${name}` }));
    }
    write(packed.plugins, 'here.js', strategyText(7, { id: 'strategy.here' }));
    const plugins = ['here', 'there'].map((name) => ({
      package: `@acme/${name}`,
      manifests: [manifestOf(`strategy.${name}`)],
    }));
    const { kernel } = kernelIn(base, { plugins, packed });
    const ids = ['strategy.here', 'strategy.there'];
    const { graph } = await kernel.prepare(
      await kernel.discover([]),
      ids.map((id) => use(id)),
    );
    expect(ids.map((id) => graph.get<'strategy/v1'>(id)!.exports.select.select([], {} as never))).toEqual([7, 1]);
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
    const { kernel } = kernelIn(base, { plugins: [{ package: 'lazy', manifests: [manifestOf('strategy.lazy')] }] });
    const catalogue = await kernel.discover([]);
    expect(Reflect.has(globalThis, 'lazyWasImported')).toBe(false);
    await kernel.prepare(catalogue, [use('strategy.lazy')]);
    expect(Reflect.has(globalThis, 'lazyWasImported')).toBe(true);
  });
});
