import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { aConfig } from '../../test/doubles.js';
import { keyOfProvider, planOf } from './plan.js';

const config = (changes: object = {}) =>
  aConfig({
    deployments: [],
    router: { strategy: 'strategy.least-busy', strategyArgs: { window: 5 } },
    cache: undefined,
    callbacks: { both: [], success: [], failure: [], alerts: [], named: {}, withoutContent: [] },
    guardrails: [],
    pluginSettings: {},
    ...changes,
  });

/** Everything is installed, under its own name, but for what is named. */
const installed =
  (...missing: string[]) =>
  (name: string): string | undefined =>
    missing.includes(name) ? undefined : name;

const ids = (changes: object, ...missing: string[]) =>
  planOf(config(changes), installed(...missing)).uses.map(({ id }) => id);

describe('the plan', () => {
  it('has a provider for each deployment; the same settings have the same key', () => {
    const deployments = [
      aDeployment({ provider: 'provider.a', connection: { api_key: 'k', api_base: 'b' } }),
      aDeployment({ provider: 'provider.a', connection: { api_base: 'b', api_key: 'k' } }),
      aDeployment({ provider: 'provider.a', connection: { api_key: 'other' } }),
      aDeployment({ provider: 'provider.b', connection: { api_key: 'k', api_base: 'b' } }),
    ];
    const { uses, missing } = planOf(config({ deployments }), installed());
    expect(missing).toEqual([]);
    expect(uses.slice(0, 4)).toEqual(
      deployments.map((deployment) => ({
        id: deployment.provider,
        key: keyOfProvider(deployment),
        settings: deployment.connection,
        mayFail: 'settings',
      })),
    );
    expect(new Set(uses.slice(0, 4).map(({ key }) => key)).size).toBe(3);
  });

  it('keeps what came by API apart, and lets it fail by itself', () => {
    const own = aDeployment({ provider: 'provider.a', connection: { api_base: 'b' } });
    const { uses } = planOf(config({ deployments: [own, { ...own, isStored: true, isGuarded: true }] }), installed());
    expect(uses[0]!.key).not.toBe(uses[1]!.key);
    expect(uses[1]).toMatchObject({ isGuarded: true, mayFail: 'always' });
  });

  it('has the strategy with its settings', () => {
    expect(planOf(config(), installed()).uses).toEqual([
      { id: 'strategy.least-busy', key: 'strategy', settings: { window: 5 } },
    ]);
  });

  it('has another strategy, without those settings, where the wanted one is not installed', () => {
    const { uses, missing } = planOf(config(), installed('strategy.least-busy'));
    expect(uses).toEqual([{ id: 'strategy.simple-shuffle', key: 'strategy', settings: {} }]);
    expect(missing).toEqual([expect.stringContaining('strategy.least-busy is not installed')]);
  });

  it.each<[string, object | undefined, boolean]>([
    ['that is on', { enabled: true, plugin: 'cache.memory', settings: { size: 1 } }, true],
    ['that is off', { enabled: false, plugin: 'cache.memory', settings: {} }, false],
    ['that nobody wrote', undefined, false],
  ])('has a cache %s: %p', (_title, cache, expected) => expect(ids({ cache }).includes('cache.memory')).toBe(expected));

  it('has each callback once, with the settings that are its own', () => {
    const { uses } = planOf(
      config({
        callbacks: {
          both: ['langfuse'],
          success: ['langfuse', 'otel'],
          failure: ['webhook'],
          alerts: [],
          named: {},
          withoutContent: [],
        },
        pluginSettings: { 'callback.otel': { endpoint: 'e' } },
      }),
      installed(),
    );
    expect(uses.slice(1)).toEqual([
      { id: 'callback.langfuse', key: 'callback.langfuse', settings: {} },
      { id: 'callback.otel', key: 'callback.otel', settings: { endpoint: 'e' } },
      { id: 'callback.webhook', key: 'callback.webhook', settings: {} },
    ]);
  });

  it('has every guardrail by itself, the same plugin too', () => {
    const guardrails = [1, 2].map((level) => ({ plugin: 'guardrail.words', settings: { level } }));
    expect(planOf(config({ guardrails }), installed()).uses.slice(1)).toEqual([
      { id: 'guardrail.words', key: 'guardrail 0', settings: { level: 1 } },
      { id: 'guardrail.words', key: 'guardrail 1', settings: { level: 2 } },
    ]);
  });

  it('has a callback as often as it was given a name', () => {
    const callbacks = {
      ...{ both: ['audit', 'billing', 'sink'], success: [], failure: [], alerts: [], withoutContent: [] },
      named: {
        audit: { plugin: 'callback.sink', settings: { to: 'audit' } },
        billing: { plugin: 'callback.sink', settings: { to: 'billing' } },
      },
    };
    const changes = { callbacks, pluginSettings: { 'callback.sink': { to: 'all' } } };
    expect(planOf(config(changes), installed()).uses.slice(1)).toEqual([
      { id: 'callback.sink', key: 'callback.audit', settings: { to: 'audit' } },
      { id: 'callback.sink', key: 'callback.billing', settings: { to: 'billing' } },
      { id: 'callback.sink', key: 'callback.sink', settings: { to: 'all' } },
    ]);
  });

  it('says what cannot be served', () => {
    const changes = {
      cache: { enabled: true, plugin: 'cache.redis', settings: {} },
      callbacks: { both: ['datadog'], success: [], failure: [], alerts: [], named: {}, withoutContent: [] },
    };
    const { uses, missing } = planOf(config(changes), installed('cache.redis', 'callback.datadog'));
    expect(uses.map(({ id }) => id)).toEqual(['strategy.least-busy']);
    expect(missing).toEqual([expect.stringContaining('cache.redis'), expect.stringContaining('callback.datadog')]);
  });

  it('has no callback for metrics, which are always on, and says nothing of them', () => {
    const callbacks = {
      both: ['prometheus'],
      success: ['prometheus'],
      failure: [],
      alerts: [],
      named: {},
      withoutContent: [],
    };
    const { uses, missing } = planOf(config({ callbacks }), installed('callback.prometheus'));
    expect([uses.map(({ id }) => id), missing]).toEqual([['strategy.least-busy'], []]);
  });
});
