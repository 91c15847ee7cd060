import { callbackConformance, fakeHost, type FakeHost } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const tracking_uri = 'https://mlflow.example.org';

/** Each call has one span that is the gateway's own; the name of its attribute is there in clear. */
const callsIn = (host: FakeHost): number =>
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

callbackConformance({
  plugin,
  config: { tracking_uri, experiment_id: '7', tracking_token: 'made-up-tracking-token' },
  badConfig: [
    {},
    { tracking_uri: 'sqlite:///mlflow.db' },
    { tracking_uri: './mlruns' },
    { tracking_uri: 'databricks' },
    { tracking_uri, experiment_name: '' },
    { tracking_uri, tracking_token: '' },
  ],
  host: fakeHost,
  delivered: callsIn,
});
