import { callbackConformance, type FakeHost } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const callIds = (host: FakeHost): number =>
  host.http.requests
    .filter(({ url }) => url.endsWith('/v1/traces'))
    .reduce(
      (sum, { body }) =>
        sum +
        Buffer.from(body as Uint8Array)
          .toString('latin1')
          .split('turnpike.call_id').length -
        1,
      0,
    );

const endpoint = 'https://collector.example.org';

callbackConformance({
  plugin,
  config: { endpoint, headers: 'authorization=Bearer made-up-token' },
  badConfig: [
    { endpoint: 'collector:4317' },
    { endpoint, exporter: 'otlp_grpc' },
    { endpoint, headers: { 'a b': '1' } },
    { endpoint, headers: 'token=made-up%0d%0ax-evil: 1' },
    { endpoint, service_name: '' },
    { endpoint, send_content: 'perhaps' },
  ],
  delivered: callIds,
});
