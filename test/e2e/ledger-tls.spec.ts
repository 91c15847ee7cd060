// A gateway and a ledger that meet over TLS, on real sockets, with certificates of an authority of the test's own.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../services/redis-server.js';
import { send } from './client.js';
import { eventually, MASTER_KEY, newFolder, run, startCommand, withGateway, type Gateway } from './harness.js';

jest.setTimeout(180_000);

const folder = newFolder();
const file = (name: string): string => join(folder, name);
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes `<name>.pem` and `<name>.key`. */
const anAuthority = (name: string): void =>
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  );
const aCertificate = (name: string, authority: string, names: string): void => {
  writeFileSync(file(`${name}.ext`), `subjectAltName=${names}`);
  openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  const signed = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
};

const TOKEN = 'token-of-the-spec';
const SHARED = { LITELLM_MASTER_KEY: MASTER_KEY, TURNPIKE_GATEWAY_TOKEN: TOKEN };
const [plain, mutual] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];

beforeAll(() => {
  anAuthority('ours');
  anAuthority('others');
  aCertificate('ledger', 'ours', 'DNS:ledger.internal,IP:127.0.0.1');
  aCertificate('named', 'ours', 'DNS:ledger.internal');
  aCertificate('gateway', 'ours', 'DNS:gateway.internal');
  aCertificate('stranger', 'others', 'DNS:gateway.internal');
  // By flags, and by variables.
  startCommand({
    env: SHARED,
    args: ['ledger', '--grpc-address', plain, '--grpc-cert', file('named.pem'), '--grpc-key', file('named.key')],
  });
  startCommand({
    env: {
      ...SHARED,
      TURNPIKE_GRPC_ADDRESS: mutual,
      TURNPIKE_GRPC_CERT: file('ledger.pem'),
      TURNPIKE_GRPC_KEY: file('ledger.key'),
      TURNPIKE_GRPC_CLIENT_CA: file('ours.pem'),
    },
    args: ['ledger'],
  });
});

const CONFIG = { model_list: [] };
const GATEWAY_CERTIFICATE = { LEDGER_CERT: file('gateway.pem'), LEDGER_KEY: file('gateway.key') };

const gatewayOf = <T>(
  address: string,
  env: Record<string, string>,
  check: (gateway: Gateway) => Promise<T>,
  args: string[] = [],
): Promise<T> => withGateway({ config: CONFIG, env: { ...SHARED, LEDGER_ADDRESS: address, ...env }, args }, check);

/** A key is made by a management route, and calls. */
const works = async (gateway: Gateway): Promise<void> => {
  const made = await eventually(
    () => send(gateway, '/key/generate', { body: {} }),
    ({ status }) => status === 200,
    60_000,
  );
  const { key } = (await made.json()) as { key: string };
  expect((await send(gateway, '/v1/models', { key })).status).toBe(200);
};

describe('a gateway reaches a ledger on another machine', () => {
  it('whose authority and name it is told', () =>
    gatewayOf(plain, {}, works, ['--ledger-ca', file('ours.pem'), '--ledger-server-name', 'ledger.internal']));

  it('that asks for its certificate, too', () =>
    gatewayOf(mutual, { LEDGER_CA: file('ours.pem'), ...GATEWAY_CERTIFICATE }, works));
});

describe('a gateway that cannot reach it says why, and serves without', () => {
  it.each<[string, string, () => Record<string, string>, RegExp]>([
    [
      'the ledger is of another authority',
      mutual,
      () => ({ LEDGER_CA: file('others.pem'), ...GATEWAY_CERTIFICATE }),
      /an authority that is not believed here\. Name the authority with ledger_ca/,
    ],
    [
      'the ledger has another name',
      plain,
      () => ({ LEDGER_CA: file('ours.pem') }),
      /for another name than its address\. Give the name with ledger_server_name/,
    ],
    [
      'it has no certificate to show',
      mutual,
      () => ({ LEDGER_CA: file('ours.pem') }),
      /asks for a certificate of its client, and there is none\. Name one with ledger_cert/,
    ],
    [
      'its certificate is not believed',
      mutual,
      () => ({ LEDGER_CA: file('ours.pem'), LEDGER_CERT: file('stranger.pem'), LEDGER_KEY: file('stranger.key') }),
      /does not believe the certificate of ledger_cert/,
    ],
    ['it speaks in clear', plain, () => ({}), /speaks TLS and ledger_ca is missing here/],
    [
      'it has another token',
      mutual,
      () => ({ LEDGER_CA: file('ours.pem'), ...GATEWAY_CERTIFICATE, TURNPIKE_GATEWAY_TOKEN: 'another' }),
      /token/,
    ],
  ])('when %s', (_why, address, env, words) =>
    gatewayOf(address, env(), async (gateway) => {
      // Once the ledger listens: before that nobody is there, which is nothing to tell at a start.
      await eventually(
        () => gateway.output(),
        (output) => words.test(output),
        60_000,
      );
      expect((await send(gateway, '/health/readiness')).status).toBe(200);
      expect(await (await send(gateway, '/health/readiness')).text()).toContain('ledger_away');
      expect(gateway.output()).not.toContain('PRIVATE KEY');
    }),
  );
});

it('files that cannot be used stop the start, and `config check` finds them', async () => {
  const env = { ...SHARED, LEDGER_ADDRESS: mutual, LEDGER_CA: file('none.pem') };
  const started = await run({ config: CONFIG, env, args: ['gateway', '--port', '0'] });
  expect([started.code, started.stderr]).toEqual([1, expect.stringMatching(/ledger_ca: .*none\.pem cannot be read/)]);
  const checked = await run({ config: CONFIG, env, args: ['config', 'check'] });
  expect([checked.code, checked.stdout]).toEqual([1, expect.stringMatching(/ledger_ca: .*none\.pem cannot be read/)]);
});

it('an import goes the same way', async () => {
  const args = ['import', 'litellm', '--database-url', 'postgres://127.0.0.1:1/none', '--ledger', mutual];
  const tls = [
    '--ledger-ca',
    file('ours.pem'),
    '--ledger-cert',
    file('gateway.pem'),
    '--ledger-key',
    file('gateway.key'),
  ];
  const reached = await run({ env: SHARED, args: [...args, ...tls] });
  // The ledger was asked: it is the database that is not there.
  expect([reached.code, reached.stderr]).toEqual([1, expect.stringMatching(/database/i)]);
  const refused = await run({ env: SHARED, args: [...args, '--ledger-ca', file('others.pem'), ...tls.slice(2)] });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Name the authority with ledger_ca')]);
});
