import { strategyConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

strategyConformance({
  plugin,
  config: {},
  badConfig: { ttl: 10 },
  cases: [
    { name: 'picks the cheapest', candidates: [{ priceNanoUsd: 20 }, { priceNanoUsd: 10 }], expected: 1 },
    { name: 'puts unknown prices last', candidates: [{}, { priceNanoUsd: 9_000_000_000_000 }, {}], expected: 1 },
    {
      name: 'is even among those that cost the same',
      candidates: [{ priceNanoUsd: 10 }, { priceNanoUsd: 10 }, { priceNanoUsd: 11 }],
      expected: { shares: [0.5, 0.5, 0] },
    },
    { name: 'is even where no price is known', candidates: [{}, {}], expected: { shares: [0.5, 0.5] } },
    {
      name: 'picks none when all are full',
      candidates: [
        { priceNanoUsd: 10, tokensThisMinute: 100, deployment: { tpm: 150 } },
        { priceNanoUsd: 10, requestsThisMinute: 1, deployment: { rpm: 1 } },
      ],
      expected: -1,
    },
  ],
});
