import { strategyConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

strategyConformance({
  plugin,
  config: {},
  badConfig: { ttl: 'an hour' },
  cases: [
    {
      name: 'picks the one with the fewest tokens',
      candidates: [{ tokensThisMinute: 9_000 }, { tokensThisMinute: 10 }],
      expected: 1,
    },
    { name: 'is even among equals', candidates: [{}, {}, {}, {}], expected: { shares: [0.25, 0.25, 0.25, 0.25] } },
    {
      name: 'passes over those without room for the prompt',
      candidates: [
        { tokensThisMinute: 10, deployment: { tpm: 100 } },
        { tokensThisMinute: 500, deployment: { tpm: 1_000 } },
      ],
      context: { promptTokens: 91 },
      expected: 1,
    },
    {
      name: 'picks none when all are full',
      candidates: [
        { requestsThisMinute: 5, deployment: { rpm: 5 } },
        { requestsThisMinute: 9, deployment: { rpm: 5 } },
      ],
      expected: -1,
    },
  ],
});
