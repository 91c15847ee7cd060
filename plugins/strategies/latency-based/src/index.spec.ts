import { aSample, aSelectionContext, candidates } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

const pick = (settings: object, ...list: Parameters<typeof candidates>): number =>
  plugin
    .init(plugin.config.parse(settings), undefined as never)
    .select.select(candidates(...list), aSelectionContext({ random: () => 0.99 }));

const slowThenQuick = (count: number) => ({
  samples: [aSample({ durationMs: 60_000 }), ...Array.from({ length: count }, () => aSample({ durationMs: 100 }))],
});

describe('latency-based', () => {
  it('has LiteLLM’s defaults', () => {
    expect(plugin.config.parse({})).toEqual({ ttl: 3_600, max_latency_list_size: 10, lowest_latency_buffer: 0 });
  });

  it.each([
    ['ttl, in seconds', { ttl: 5 }, { samples: [aSample({ agoMs: 5_001, durationMs: 1 })], inFlight: 1 }, 1],
    ['ttl, in seconds', { ttl: 6 }, { samples: [aSample({ agoMs: 5_001, durationMs: 1 })], inFlight: 1 }, 0],
    ['max_latency_list_size', { max_latency_list_size: 11 }, slowThenQuick(10), 1],
    ['max_latency_list_size', { max_latency_list_size: 10 }, slowThenQuick(10), 0],
    ['lowest_latency_buffer', { lowest_latency_buffer: 0.2 }, { samples: [aSample({ durationMs: 900 })] }, 1],
    ['lowest_latency_buffer', { lowest_latency_buffer: 0.1 }, { samples: [aSample({ durationMs: 900 })] }, 0],
  ])('follows %s: %p', (_title, settings, first, expected) => {
    expect(pick(settings, first, { samples: [aSample()] })).toBe(expected);
  });

  it.each(['latency-based', 'latency-based-routing', 'latency'])('goes by %s in configurations', (name) => {
    expect(plugin.aliases).toContain(name);
  });
});
