import { callbackConformance } from '@turnpike/plugin-testkit';
import plugin from '../src/index.js';

const config = {
  bucket_name: 'calls',
  aws_access_key_id: 'AKIAMADEUP0123456789',
  aws_secret_access_key: 'made-up-secret-access-key',
};

const badConfig = [
  {},
  { ...config, bucket_name: '' },
  { ...config, bucket_name: 'a/../b' },
  { ...config, region_name: 'eu-central-1.evil.example.org/' },
  { ...config, endpoint_url: 'minio:9000' },
  { ...config, aws_access_key_id: 'a\r\nx-evil: 1' },
  { ...config, format: 'csv' },
  { ...config, batch_size: 0 },
  { ...config, flush_interval: 'soon' },
];

callbackConformance({ plugin, config, badConfig, delivered: (host) => host.http.requests.length });

callbackConformance({
  plugin,
  config: { ...config, format: 'jsonl' },
  badConfig,
  delivered: (host) => host.http.requests.reduce((sum, { body }) => sum + String(body).trimEnd().split('\n').length, 0),
});
