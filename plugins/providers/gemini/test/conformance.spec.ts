import { providerConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

providerConformance({
  plugin,
  config: { api_key: 'AIza-made-up-key' },
  badConfig: [
    {},
    { api_key: 'AIza-made-up-key', api_base: 'not an address' },
    { api_key: 'AIza-made-up-key', safety_settings: [{ category: 'HARASSMENT', threshold: 'OFF' }] },
    { api_key: 'AIza-made-up-key', safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'NEVER' }] },
  ],
  fixtures: new URL('./fixtures/', import.meta.url),
});
