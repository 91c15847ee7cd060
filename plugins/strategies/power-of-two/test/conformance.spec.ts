import { aSample, strategyConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const usual = { samples: [aSample({ durationMs: 1_000 })] };
const slow = { samples: [aSample({ durationMs: 4_000 })] };
const failing = { samples: [aSample({ durationMs: 3, outputTokens: 0, isFailure: true })] };

strategyConformance({
  plugin,
  config: { decay: 5 },
  badConfig: [{ decay: 0 }, { decay: '10' }, { ttl: 10 }],
  cases: [
    {
      name: 'is even among equals',
      candidates: [usual, usual, usual, usual],
      expected: { shares: [0.25, 0.25, 0.25, 0.25] },
    },
    { name: 'is even where nothing is known', candidates: [{}, {}, {}], expected: { shares: [1 / 3, 1 / 3, 1 / 3] } },
    {
      name: 'never takes the slowest of idle ones',
      candidates: [usual, slow, usual],
      expected: { shares: [0.5, 0, 0.5] },
    },
    { name: 'never takes one that fails', candidates: [failing, slow, usual], expected: [1, 2] },
    {
      name: 'draws by weight',
      candidates: [2, 1, 1].map((weight) => ({ ...usual, deployment: { weight } })),
      // The heaviest bears its weight in load as well, so it wins whenever it is drawn.
      expected: { shares: [5 / 6, 1 / 12, 1 / 12] },
    },
  ],
});
