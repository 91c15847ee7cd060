import { providerConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

providerConformance({
  plugin,
  config: {},
  badConfig: { delay_ms: -1 },
  fixtures: new URL('./fixtures/', import.meta.url),
});
