// Plugins that are broken, one way each: they stop a start with a word on where and what to do, and never a running gateway.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { brokenPlugins, type BrokenPlugin } from '@turnpike/plugin-testkit';
import { ERRORS } from '@turnpike/errors';
import { chat, metricsOf, okJson, send, type Json } from './client.js';
import { begun, eventually, run, startGateway, type Ended, type Gateway } from './harness.js';
import { everyModelOf } from './upstreams.js';

jest.setTimeout(60_000);

const model_list = everyModelOf('echo');

/** A configuration that uses these plugins, each where its kind is named. */
const using = (...plugins: readonly BrokenPlugin[]): object => {
  const named = (kind: BrokenPlugin['kind']): string[] => plugins.flatMap((one) => (one.kind === kind ? one.name : []));
  const [strategy] = named('strategy');
  const [cache] = named('cache');
  return {
    model_list: [
      ...model_list,
      ...named('provider').map((name) => ({
        model_name: name,
        litellm_params: { model: 'any', custom_llm_provider: name },
      })),
    ],
    // What is missing switches a callback off; what is wrong is another matter.
    plugins: plugins.map(({ name, path }) => ({
      path,
      ...(name === 'config-refused' && { config: { url: 'nowhere' } }),
    })),
    guardrails: named('guardrail').map((name) => ({
      guardrail_name: name,
      litellm_params: { guardrail: name, mode: 'pre_call' },
    })),
    ...(strategy !== undefined && { router_settings: { routing_strategy: strategy } }),
    litellm_settings: {
      callbacks: named('callback'),
      ...(cache !== undefined && { cache: true, cache_params: { type: cache } }),
    },
  };
};

const fatal = brokenPlugins.filter(({ step }) => !['hook', 'stop', 'health'].includes(step));
const bearable = brokenPlugins.filter((one) => !fatal.includes(one));

/** Which plugin it is: its id once that is known, else where it lies. */
const nameOf = ({ name, path, step }: BrokenPlugin): string | RegExp =>
  ['find', 'import'].includes(step) ? path : new RegExp(`Plugin (\\w+\\.${name}|\\S+${name}\\S*|Bad Id),`);

// Their tests come last. The slow one waits for ten seconds, and goes beside the queue.
const ended = begun(fatal, (plugin, queued) => {
  const work = (): Promise<Ended> => run({ config: using(plugin), args: ['gateway'] });
  return plugin.name === 'slow-start' ? work() : queued(work);
});

describe('a reload', () => {
  let gateway: Gateway;
  let before: Json;

  beforeAll(async () => {
    gateway = await startGateway({ config: { model_list } });
    before = await okJson(send(gateway, '/plugins'));
  });

  // The slow one has its own limit of ten seconds, which its start has shown already.
  it.each(fatal.filter(({ name }) => name !== 'slow-start'))(
    'that meets a plugin which breaks at $step changes nothing: $name',
    async (plugin) => {
      const from = gateway.output().length;
      gateway.writeConfig(using(plugin));
      gateway.signal('SIGHUP');
      const [line] = await gateway.waitForOutput(
        /.*the configuration was not reloaded; the former one stays.*\n/,
        from,
      );
      const { reason } = JSON.parse(line) as { reason: string };
      expect(reason).toMatch(nameOf(plugin));
      expect(reason).toContain(`step ${plugin.step}: `);
      expect(await okJson(send(gateway, '/plugins'))).toEqual(before);
      expect((await okJson(chat(gateway, { model: 'echo/echo' }))).choices[0].message.content).toBe('Hello');
    },
  );

  it('works again once the plugin is gone', async () => {
    const from = gateway.output().length;
    gateway.writeConfig({ model_list: [...model_list, { model_name: 'new', litellm_params: { model: 'echo/echo' } }] });
    gateway.signal('SIGHUP');
    await gateway.waitForOutput(/configuration reloaded/, from);
    expect((await chat(gateway, { model: 'new' })).status).toBe(200);
  });
});

describe('a running gateway', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ config: using(...bearable) });
  });

  it('answers at once whatever its callbacks do, and counts what they did', async () => {
    const from = performance.now();
    await okJson(chat(gateway, { model: 'echo/echo' }));
    expect(performance.now() - from).toBeLessThan(1_000);
    const counted = (plugin: string, outcome: string): Promise<number> =>
      eventually(
        async () =>
          (await metricsOf(gateway)).sum('turnpike_plugin_hook_calls_total', { plugin, hook: 'onSuccess', outcome }),
        (count) => count > 0,
      );
    expect(await counted('callback.hook-throws', 'error')).toBe(1);
    expect(await counted('callback.hook-rejects', 'error')).toBe(1);
    expect(await counted('callback.stop-hangs', 'ok')).toBe(1);
  });

  it('tells an admin which of them are down, and waits for none', async () => {
    const { plugins } = await okJson(send(gateway, '/plugins'));
    const health = Object.fromEntries(plugins.map(({ id, health: { status } }: Json) => [id, status]));
    expect(health).toMatchObject({
      'callback.health-throws': 'down',
      'callback.health-hangs': 'down',
      'callback.stop-throws': 'up',
      'provider.echo': 'up',
    });
    expect((await send(gateway, '/health/readiness')).status).toBe(200);
  });

  it('ends all the same, within the time that a stop has', async () => {
    // What callbacks wait for, 3 s, and what a plugin has to stop, 5 s.
    const from = performance.now();
    expect((await gateway.stop()).code).toBe(0);
    expect(performance.now() - from).toBeLessThan(12_000);
  });
});

describe('a start', () => {
  it.each(fatal)('is stopped by a plugin that breaks at $step: $name', async (plugin) => {
    const { code, stdout, stderr } = await ended(plugin);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(nameOf(plugin));
    expect(stderr).toContain(`${plugin.code}: Plugin `);
    expect(stderr).toContain(`step ${plugin.step}: `);
    expect(stderr).toContain(ERRORS[plugin.code!].remedy);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
