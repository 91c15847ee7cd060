import { providerConformance } from '@turnpike/plugin-testkit';
import { plugin } from '../src/plugin.js';

providerConformance({
  plugin,
  config: { api_key: 'sk-made-up-openai-0001', organization: 'org-made-up' },
  badConfig: [{}, { api_key: 'sk-made-up-openai-0001', api_base: 'api.openai.com' }],
  fixtures: new URL('./fixtures/', import.meta.url),
});
