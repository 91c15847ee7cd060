import { providerConformance } from '@turnpike/plugin-testkit';
import { plugin } from '../src/plugin.js';

providerConformance({
  plugin,
  config: { api_key: 'made-up-ollama-0001' },
  badConfig: [{ api_base: 'http://' }, { num_ctx: 0 }],
  fixtures: new URL('./fixtures/', import.meta.url),
});
