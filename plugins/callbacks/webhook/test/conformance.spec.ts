import { callbackConformance, type FakeHost } from '@turnpike/plugin-testkit';
import plugins from '../src/index.js';

const [webhook, genericApi] = plugins;

const lengthsOf = (host: FakeHost): number =>
  host.http.requests.reduce((sum, { body }) => sum + (JSON.parse(String(body)) as unknown[]).length, 0);

const linesOf = (host: FakeHost): number =>
  host.http.requests.reduce((sum, { body }) => sum + String(body).trimEnd().split('\n').length, 0);

const url = 'https://logs.example.org/litellm';

callbackConformance({
  plugin: webhook!,
  config: { url, secret: 'made-up-signing-secret', headers: { authorization: 'Bearer made-up-token' } },
  badConfig: [
    {},
    { url: 'logs' },
    { url: 'ftp://logs.example.org' },
    { url, secret: 'short' },
    { url, format: 'xml' },
    { url, headers: { 'a b': '1' } },
    { url, headers: { token: 'made-up-token\r\nx-evil: 1' } },
    { url, headers: 'no-value-but\nevil=1' },
    { url, max_batch: 0 },
    { url, alert_url: '/alerts' },
  ],
  delivered: lengthsOf,
});

callbackConformance({
  plugin: genericApi!,
  config: { endpoint: url, log_format: 'ndjson', secret: 'made-up-signing-secret' },
  badConfig: [{}, { endpoint: url, event_types: [] }, { endpoint: url, event_types: ['llm_api_start'] }],
  delivered: linesOf,
});
