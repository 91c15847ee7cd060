import { describe, expect, it } from '@jest/globals';
import { StateStore, type StateChange } from './shared-state.js';

describe('StateStore', () => {
  it('keeps plugins apart and tells others of each write', () => {
    const told: StateChange[] = [];
    const store = new StateStore((change) => told.push(change));
    store.forPlugin('a').set('key', 1);
    store.forPlugin('b').set('key', 2);
    store.forPlugin('a').delete('key');
    expect([store.forPlugin('a').get('key'), store.forPlugin('b').get('key')]).toEqual([undefined, 2]);
    expect(told).toEqual([
      { plugin: 'a', key: 'key', value: 1 },
      { plugin: 'b', key: 'key', value: 2 },
      { plugin: 'a', key: 'key' },
    ]);
  });

  it('takes the writes of other workers without telling of them', () => {
    const told: StateChange[] = [];
    const store = new StateStore((change) => told.push(change));
    store.apply({ plugin: 'a', key: 'key', value: 'from afar' });
    expect(store.forPlugin('a').get('key')).toBe('from afar');
    expect(told).toEqual([]);
  });

  it('drops the key that was written longest ago beyond 1,000', () => {
    const state = new StateStore().forPlugin('a');
    state.set('first', 0);
    state.set('second', 0);
    state.set('first', 1);
    for (let index = 0; index < 999; index += 1) state.set(`more ${index}`, index);
    expect([state.get('first'), state.get('second'), state.get('more 998')]).toEqual([1, undefined, 998]);
  });

  it('refuses values beyond 64 KiB', () => {
    expect(() => new StateStore().forPlugin('a').set('key', 'x'.repeat(70_000))).toThrow(RangeError);
  });
});
