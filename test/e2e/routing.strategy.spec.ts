// A strategy that is somebody's own: what it may do, and what happens when it fails.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { metricsOf } from './client.js';
import { ask, at, blue, BOTH_WAYS, expectAnswer, explain, green, recordOf, red } from './fleet.js';
import { begun, eventually, readText, ROOT, startGateway, type Gateway } from './harness.js';

jest.setTimeout(60_000);

const PLUGIN = readText(join(ROOT, 'test', 'e2e', 'fixtures', 'plugins', 'odd-strategy.mjs'));
const ID = 'strategy.odd';

/** Ways to answer what is no choice. */
const NONSENSE = ['throws', 'nothing', 'too much', 'not a number', 'promise'];

const start = (way: string): Promise<Gateway> =>
  startGateway({
    files: { 'own/odd-strategy.mjs': PLUGIN },
    config: {
      model_list: [
        ...[red, green, blue].map((mock) => at(mock, 'any', { model: 'any' })),
        at(red, 'alone', { model: 'alone' }),
        at(red, 'with help', { model: 'helped' }),
        at(green, 'with help', { model: 'helped' }),
        at(blue, 'help', { model: 'help' }),
      ],
      plugins: [{ path: './own/odd-strategy.mjs', config: { way } }],
      router_settings: { routing_strategy: 'odd', fallbacks: [{ 'with help': ['help'] }] },
    },
  });

const started = begun([...NONSENSE, 'nobody'], (way, queued) => queued(() => start(way)));
afterAll(() => Promise.all([...NONSENSE, 'nobody'].map(async (way) => (await started(way)).kill())));

const faults = async (gateway: Gateway): Promise<number> =>
  (await metricsOf(gateway)).sum('turnpike_plugin_hook_calls_total', { plugin: ID, hook: 'select', outcome: 'error' });

describe.each(NONSENSE)('when it answers nonsense (%s)', (way) => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await started(way);
  });

  it('chance takes its place, and each time is counted', async () => {
    const CALLS = 24;
    const tolds = await Promise.all(
      Array.from({ length: CALLS }, (_, index) => ask(gateway, { model: 'any', stream: index % 2 === 0 })),
    );
    for (const told of tolds) expectAnswer(told);
    expect(new Set(tolds.map(({ deployment }) => deployment)).size).toBe(3);
    expect(await faults(gateway)).toBe(CALLS);
    expect((await recordOf(gateway, tolds[0]!.callId)).attempts[0].reason).toBe('shuffle');
    // The log has it once: it would be the same at every call.
    expect(gateway.output().match(/"plugin":"strategy\.odd".*the routing strategy failed/g)).toHaveLength(1);
  });

  it('retries still go elsewhere', async () => {
    red.behave('500');
    green.behave('500');
    for (const [, stream] of BOTH_WAYS) {
      const told = await ask(gateway, { model: 'any', stream, num_retries: 2 });
      expectAnswer(told, 'any.blue');
    }
  });

  it('where there is nothing to choose it is not asked', async () => {
    const before = await faults(gateway);
    expectAnswer(await ask(gateway, { model: 'alone' }), 'alone.red');
    expect(await faults(gateway)).toBe(before);
  });

  it('an admin is shown that chance decides', async () => {
    const { strategy, groups } = await explain(gateway, { model: 'any' });
    expect([strategy, groups[0].pick.reason]).toEqual([ID, 'shuffle']);
  });
});

describe('when it takes none of them', () => {
  it('the call goes on to its fallback, or is told to come back', async () => {
    const gateway = await started('nobody');
    for (const [, stream] of BOTH_WAYS) {
      expectAnswer(await ask(gateway, { model: 'with help', stream }), 'help.blue');
      const told = await ask(gateway, { model: 'any', stream });
      expect(told.status).toBe(429);
      expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(red.requests.length + green.requests.length).toBe(0);
    await eventually(
      () => faults(gateway),
      (count) => count === 0,
    );
  });
});
