import { providerConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

providerConformance({
  plugin,
  config: { api_key: 'made-up-anthropic-key' },
  badConfig: [
    {},
    { api_key: '' },
    { api_key: 'made-up-anthropic-key', api_base: 'ftp://api.anthropic.com' },
    { api_key: 'made-up-anthropic-key', beta: 'not-a-list' },
  ],
  fixtures: new URL('./fixtures/', import.meta.url),
});
