import { cacheConformance } from '@turnpike/plugin-testkit';
import { afterAll } from '@jest/globals';
import { redis as plugin } from '../src/index.js';
import { freePort, RedisServer } from './redis-server.js';

const PASSWORD = 'made-up-redis-password-01';

const server = await RedisServer.start({ lines: [`requirepass ${PASSWORD}`], client: { password: PASSWORD } });
afterAll(() => server.remove());

cacheConformance({
  plugin,
  config: { host: '127.0.0.1', port: server.port, password: PASSWORD, namespace: 'conformance' },
  badConfig: [
    {},
    { password: PASSWORD },
    { host: '' },
    { redis_startup_nodes: [], sentinel_nodes: [] },
    { url: '127.0.0.1:6379' },
    { url: `unix://:${PASSWORD}@/run/redis.sock` },
    { host: 'h', port: 0 },
    { host: 'h', port: '6379x' },
    { redis_startup_nodes: [{ host: 'h', prot: 1 }], password: PASSWORD },
    { sentinel_nodes: [['h', 26_379]], sentinel_password: PASSWORD },
    { host: 'h', ssl_cert_reqs: 'perhaps' },
    { host: 'h', socket_timeout: 0 },
  ],
  expiry: 'store',
  down: { config: { port: await freePort() } },
});
