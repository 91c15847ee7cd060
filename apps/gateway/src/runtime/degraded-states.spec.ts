import { describe, expect, it } from '@jest/globals';
import { aDeployment } from '@turnpike/plugin-testkit';
import { LiveState } from '@turnpike/router';
import { DEGRADED_STATES, degradedNow } from './degraded-states.js';
import type { Runtime } from './runtime.js';

const live = (changes: object = {}): object => ({
  isAwaited: false,
  isRefused: false,
  stored: { undecryptable: [] },
  ...changes,
});

const aRuntime = (changes: object = {}): Runtime =>
  ({
    ledger: { isAway: false, faults: new Set() },
    limits: { isDegraded: false },
    journal: { isFull: false },
    current: { graph: { all: () => [{ hooks: { isResting: false } }] } },
    config: { deployments: [] },
    state: new LiveState(),
    clock: { now: () => 1_000 },
    off: [],
    hasRefusedReload: false,
    areJwtKeysAway: false,
    live: live(),
    ...changes,
  }) as unknown as Runtime;

const on = (runtime: Runtime): string[] =>
  DEGRADED_STATES.filter((state) => state.isOn(runtime)).map(({ name }) => name);

/** Deployments of a model; those that rest say so by their id. */
const withDeployments = (...ids: string[]): Runtime => {
  const state = new LiveState();
  const deployments = ids.map((id) => aDeployment({ id, modelName: id.split(' ')[0] }));
  for (const deployment of deployments)
    if (deployment.id.includes('rests'))
      state.of(deployment).changeHealth({ ...state.of(deployment).health, coolUntil: 2_000 });
  return aRuntime({ state, config: { deployments } });
};

describe('degraded states', () => {
  it('are off in a gateway that has all it needs, or needs none of it', () => {
    expect(on(aRuntime())).toEqual([]);
    expect(on(aRuntime({ ledger: undefined, journal: undefined }))).toEqual([]);
  });

  it.each<[string, object]>([
    ['ledger_away', { ledger: { isAway: true, faults: new Set() } }],
    ['redis_away', { limits: { isDegraded: true } }],
    ['journal_full', { journal: { isFull: true } }],
    ['journal_fault', { ledger: { isAway: false, faults: new Set(['worker-1 write']) } }],
    ['plugin_resting', { current: { graph: { all: () => [{ hooks: { isResting: true } }] } } }],
    ['configured_off', { off: ['gpt-4o is off'] }],
    ['reload_failed', { hasRefusedReload: true }],
    ['jwt_keys_away', { areJwtKeysAway: true }],
    ['stored_configuration_awaited', { live: live({ isAwaited: true }) }],
    ['stored_configuration_refused', { live: live({ isRefused: true }) }],
    ['stored_secrets_unreadable', { live: live({ stored: { undecryptable: ['model a'] } }) }],
  ])('%s is on when it is so, and nothing else is', (name, changes) => {
    expect(on(aRuntime(changes))).toEqual([name]);
  });

  it('model_unavailable is on when all deployments of one model rest', () => {
    expect(on(withDeployments('a 1', 'a 2 rests', 'b 1'))).toEqual([]);
    expect(on(withDeployments('a 1', 'b 1 rests', 'b 2 rests'))).toEqual(['model_unavailable']);
  });

  it('are told by name and meaning, but for what is listed by itself', () => {
    expect(degradedNow(aRuntime({ limits: { isDegraded: true }, off: ['x'] }))).toEqual([
      'redis_away: limits hold on each machine alone until Redis is back',
    ]);
  });

  it('have names that are fit for labels and files', () => {
    for (const { name } of DEGRADED_STATES) expect(name).toMatch(/^[a-z_]+$/);
  });
});
