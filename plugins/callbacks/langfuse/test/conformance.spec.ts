import { callbackConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

interface Ingestion {
  batch: { type: string }[];
}

callbackConformance({
  plugin,
  config: { public_key: 'pk-lf-made-up', secret_key: 'sk-lf-made-up-secret', host: 'https://langfuse.example.org' },
  badConfig: [
    {},
    { public_key: 'pk-lf-1' },
    { public_key: '', secret_key: 'sk-lf-1' },
    { public_key: 'pk-lf-1', secret_key: 'sk-lf-1', host: 'ftp://langfuse' },
    { public_key: 'pk-lf-1', secret_key: 'sk-lf-1', sample_rate: 2 },
    { public_key: 'pk-lf-1', secret_key: 'sk-lf-1', environment: 'langfuse-own' },
    { public_key: 'pk-lf-1', secret_key: 'sk-lf-1', flush_interval: 0 },
  ],
  delivered: (host) =>
    host.http.requests
      .flatMap(({ body }) => (JSON.parse(String(body)) as Ingestion).batch)
      .filter(({ type }) => type === 'generation-create').length,
});
