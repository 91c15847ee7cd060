import { strategyConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

strategyConformance({
  plugin,
  config: {},
  cases: [
    {
      name: 'is even where nothing is stated',
      candidates: [{}, {}, {}, {}],
      expected: { shares: [0.25, 0.25, 0.25, 0.25] },
    },
    {
      name: 'follows the weights',
      candidates: [{ deployment: { weight: 3 } }, { deployment: { weight: 1 } }],
      expected: { shares: [0.75, 0.25] },
    },
    {
      name: 'follows rpm where there are no weights',
      candidates: [{ deployment: { rpm: 900, tpm: 1 } }, { deployment: { rpm: 100, tpm: 1_000 } }],
      expected: { shares: [0.9, 0.1] },
    },
    {
      name: 'follows tpm where there is neither',
      candidates: [{ deployment: { tpm: 20_000 } }, { deployment: { tpm: 60_000 } }],
      expected: { shares: [0.25, 0.75] },
    },
    {
      name: 'never picks the one of weight 0',
      candidates: [{ deployment: { weight: 0 } }, { deployment: { weight: 1 } }, { deployment: { weight: 1 } }],
      expected: [1, 2],
    },
    {
      name: 'picks only those that state the measure that decides',
      candidates: [{ deployment: { rpm: 10 } }, {}, { deployment: { tpm: 10 } }],
      expected: 0,
    },
  ],
});
