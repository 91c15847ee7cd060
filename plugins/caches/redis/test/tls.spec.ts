// TLS against a certificate that no authority signed.
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { closeAll, open } from './opened.js';
import { RedisServer, startSentinel } from './redis-server.js';

const server = await RedisServer.start({ isTls: true });
const { port, certificateFile } = server;
afterAll(() => server.remove());
afterEach(closeAll);

/** The name in the certificate. */
const HOST = '127.0.0.1';
const [RIGHT, OTHER] = [
  { host: HOST, port },
  { host: 'localhost', port },
];

describe('TLS', () => {
  it.each([
    ['whose certificate is trusted', { ...RIGHT, ssl: true, ssl_ca_certs: certificateFile }],
    ['whose name does not count', { ...OTHER, ssl: true, ssl_ca_certs: certificateFile, ssl_check_hostname: false }],
    ['of which nothing is asked', { ...OTHER, ssl: true, ssl_cert_reqs: 'none' }],
    ['by its address', { url: `rediss://${HOST}:${port}`, ssl_ca_certs: certificateFile }],
    ['by its address, of which nothing is asked', { url: `rediss://${HOST}:${port}?ssl_cert_reqs=none` }],
  ])('reaches a server %s', async (_what, settings) => {
    const { set, get, health } = await open(settings);
    expect(await health()).toEqual({ status: 'up' });
    await set('k', 'text');
    expect(await get('k')).toBe('text');
  });

  it.each([
    ['nobody vouches for', { ...RIGHT, ssl: true }, /self-signed/],
    ['is for another name', { ...OTHER, ssl: true, ssl_ca_certs: certificateFile }, /altnames/],
  ])('refuses a certificate that %s', async (_what, settings, reason) => {
    const { health } = await open(settings);
    expect(await health()).toEqual({ status: 'degraded', reason: expect.stringMatching(reason) });
  });

  it('is spoken with sentinels too', async () => {
    const lines = ['tls-replication yes', `tls-ca-cert-file ${certificateFile}`];
    const sentinel = await startSentinel(server, { isTls: true, lines });
    const settings = { sentinel_nodes: [[HOST, sentinel.port]], service_name: 'main', ssl: true };
    const { set, get } = await open({ ...settings, ssl_cert_reqs: 'none' });
    await set('k', 'text');
    expect(await get('k')).toBe('text');
    expect(await (await open(settings)).health()).toMatchObject({ status: 'degraded' });
    await sentinel.remove();
  });

  it('is missing where the server wants it', async () => {
    expect(await (await open(RIGHT)).health()).toMatchObject({ status: 'degraded' });
  });

  it('with a file that is not there stops the start: that is a mistake', async () => {
    const settings = { ...RIGHT, ssl: true, ssl_ca_certs: join(server.folder, 'no-such.pem') };
    await expect(open(settings)).rejects.toThrow(/no-such\.pem/);
  });
});
