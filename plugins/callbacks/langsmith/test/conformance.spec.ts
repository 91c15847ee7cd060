import { callbackConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const api_key = 'lsv2_pt_made_up_0123456789';

callbackConformance({
  plugin,
  config: { api_key, base_url: 'https://langsmith.example.org/api/v1', tenant_id: 'made-up-tenant' },
  badConfig: [
    {},
    { api_key: '' },
    { api_key, base_url: 'ftp://langsmith' },
    { api_key, sampling_rate: 1.5 },
    { api_key, sampling_rate: 'NaN' },
    { api_key, batch_size: 0 },
    { api_key, tenant_id: 'a\r\nx-evil: 1' },
    { api_key, flush_interval: 0 },
  ],
  delivered: (host) =>
    host.http.requests.reduce(
      (sum, { body }) => sum + (JSON.parse(String(body)) as { post: unknown[] }).post.length,
      0,
    ),
});
