import { aSample, strategyConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const slow = { samples: [aSample({ durationMs: 4_000 })] };
const quick = { samples: [aSample({ durationMs: 1_000 })] };
const failing = { samples: [aSample({ durationMs: 3, outputTokens: 0, isFailure: true })] };

strategyConformance({
  plugin,
  config: { ttl: 600, lowest_latency_buffer: 0.1 },
  badConfig: [
    { ttl: 0 },
    { max_latency_list_size: 0 },
    { max_latency_list_size: 51 },
    { lowest_latency_buffer: -0.1 },
    { latency_buffer: 1 },
  ],
  cases: [
    { name: 'picks the quickest', candidates: [slow, quick, failing], expected: 1 },
    {
      name: 'is even among those within the buffer',
      candidates: [quick, { samples: [aSample({ durationMs: 1_050 })] }, { samples: [aSample({ durationMs: 1_200 })] }],
      expected: { shares: [0.5, 0.5, 0] },
    },
    { name: 'tries those it knows nothing of first', candidates: [quick, {}, {}], expected: [1, 2] },
    {
      name: 'goes by the first token of streams',
      candidates: [
        { samples: [aSample({ firstTokenMs: 900, durationMs: 1_000 })] },
        { samples: [aSample({ firstTokenMs: 200, durationMs: 9_000 })] },
      ],
      context: { stream: true },
      expected: 1,
    },
    { name: 'takes one that fails when there is no other', candidates: [failing], expected: 0 },
  ],
});
