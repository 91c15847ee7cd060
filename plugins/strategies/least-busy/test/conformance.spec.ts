import { strategyConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

strategyConformance({
  plugin,
  config: {},
  badConfig: { ttl: 10 },
  cases: [
    { name: 'picks the one with the fewest calls', candidates: [{ inFlight: 3 }, { inFlight: 1 }], expected: 1 },
    {
      name: 'is even among equals',
      candidates: [{ inFlight: 1 }, { inFlight: 2 }, { inFlight: 1 }, { inFlight: 1 }],
      expected: { shares: [1 / 3, 0, 1 / 3, 1 / 3] },
    },
    {
      name: 'looks at neither weights nor usage',
      candidates: [
        { inFlight: 1, deployment: { weight: 9 } },
        { inFlight: 0, tokensThisMinute: 90_000 },
      ],
      expected: 1,
    },
  ],
});
