import { describe, expect, it } from '@jest/globals';
import { fakeHost } from '@turnpike/plugin-testkit';
import plugin from './index.js';

const { signal } = new AbortController();
const MIB = 1_048_576;

const keeps = async (settings: object, bytes: number): Promise<boolean> => {
  const { responses } = plugin.init(plugin.config.parse(settings), fakeHost());
  await responses.set('a', { value: new Uint8Array(bytes), storedAt: 0 }, 60_000, signal);
  return (await responses.get('a', signal)) !== undefined;
};

describe('cache.memory', () => {
  it.each([
    [{}, 7.9, true],
    [{}, 8, false],
    [{ max_size_mb: 8 }, 0.9, true],
    [{ max_size_mb: 8 }, 1, false],
  ])('with %j keeps an answer of %p MiB: %p', async (settings, mib, expected) => {
    expect(await keeps(settings, mib * MIB)).toBe(expected);
  });

  it('has 64 MiB by default', () => expect(plugin.config.parse({})).toEqual({ max_size_mb: 64 }));

  it('forgets all when it stops', async () => {
    const host = fakeHost();
    const made = plugin.init(plugin.config.parse({}), host);
    await made.responses.set('a', { value: new Uint8Array(5), storedAt: 0 }, 60_000, signal);
    await made.stop!();
    expect(host.gauges).toEqual({ entries: 0, bytes: 0 });
  });

  it.each(['local', 'memory', 'in-memory'])('goes by %s in configurations', (name) => {
    expect(plugin.aliases).toContain(name);
  });
});
