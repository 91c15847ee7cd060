import { callbackConformance } from '@turnpike/plugin-testkit';
import { gunzipSync } from 'node:zlib';
import plugin from '../src/index.js';

const api_key = 'made-up-datadog-key-0123';

callbackConformance({
  plugin,
  config: { api_key, site: 'datadoghq.eu', env: 'production' },
  badConfig: [
    {},
    { site: 'datadoghq.eu' },
    { api_key: '' },
    { api_key: 'a\r\nx-evil: 1' },
    { api_key, site: 'evil.example.org/logs?' },
    { api_key, site: 'datadoghq.com@evil.example.org' },
    { agent_host: 'localhost:1/x' },
    { agent_host: 'localhost', agent_port: 70_000 },
    { api_key, base_url: 'ftp://intake' },
    { api_key, batch_size: 1_001 },
  ],
  delivered: (host) =>
    host.http.requests.reduce(
      (sum, { body }) => sum + (JSON.parse(gunzipSync(body as Uint8Array).toString()) as unknown[]).length,
      0,
    ),
});
