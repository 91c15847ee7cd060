import { callbackConformance } from '@turnpike/plugin-testkit';
import { afterAll } from '@jest/globals';
import { PostgresServer } from '../../../../test/services/postgres.js';
import plugin from '../src/index.js';

const server = await PostgresServer.start();
afterAll(() => server.remove());

const database_url = server.url('postgres', 'postgres:made-up-password');

callbackConformance({
  plugin,
  config: { database_url },
  badConfig: [
    { database_url: 'mysql://h/d' },
    { database_url: 'postgresql://' },
    { database_url, table: 'requests; DROP TABLE x' },
    { database_url, table: 'a.b.c' },
    { database_url, table: 'x'.repeat(60) },
    { database_url, retention_days: 0 },
    { database_url, max_batch: 0 },
  ],
});
