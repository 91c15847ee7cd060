import { providerConformance } from '@turnpike/plugin-testkit';
import { plugin } from '../src/plugin.js';

const api_base = 'https://acme.openai.azure.com';

providerConformance({
  plugin,
  config: { api_base, api_key: 'made-up-azure-key-0001' },
  badConfig: [
    { api_key: 'made-up-azure-key-0001' },
    { api_base },
    { api_base, tenant_id: 'tenant-1', client_id: 'client-1' },
    { api_base: 'acme.openai.azure.com', api_key: 'made-up-azure-key-0001' },
  ],
  fixtures: new URL('./fixtures/', import.meta.url),
});
