import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { aFolder, loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import { readLedgerTls } from './ledger-tls.js';

afterEach(removeFolders);

const withEnv = (env: Record<string, string>) => loadYaml('litellm_settings: {}', { env });

describe('a ledger over TLS', () => {
  it('is configured by the file, by variables and by flags', () => {
    const tls = { caFile: 'ca.pem', certFile: 'c.pem', keyFile: 'c.key', serverName: 'ledger.internal' };
    const yaml =
      'general_settings: {ledger_ca: ca.pem, ledger_cert: c.pem, ledger_key: c.key, ledger_server_name: ledger.internal}';
    expect(loadYaml(yaml).ledger.tls).toEqual(tls);
    const env = {
      LEDGER_CA: 'ca.pem',
      LEDGER_CERT: 'c.pem',
      LEDGER_KEY: 'c.key',
      LEDGER_SERVER_NAME: 'ledger.internal',
    };
    expect(withEnv(env).ledger.tls).toEqual(tls);
    const flags = { ledgerCa: 'ca.pem', ledgerCert: 'c.pem', ledgerKey: 'c.key', ledgerServerName: 'ledger.internal' };
    expect(loadYaml('litellm_settings: {}', { flags }).ledger.tls).toEqual(tls);
  });

  it('needs no files where this machine believes its certificate', () => {
    const none = { caFile: undefined, certFile: undefined, keyFile: undefined, serverName: undefined };
    expect(withEnv({ LEDGER_TLS: 'true' }).ledger.tls).toEqual(none);
    expect(withEnv({}).ledger.tls).toBeUndefined();
  });

  it.each<Record<string, string>>([{ LEDGER_CERT: 'c.pem' }, { LEDGER_KEY: 'c.key' }])(
    '%j alone is no certificate',
    (env) => expect(problemOf(() => withEnv(env))).toContain('ledger_cert and ledger_key belong together'),
  );

  it.each([
    ['10.0.0.5:50051', true],
    ['ledger:50051', true],
    ['localhost.example.com:50051', true],
    ['127.0.0.1:50051', false],
    ['localhost:50051', false],
    ['[::1]:50051', false],
    ['unix:/run/ledger.sock', false],
  ])('%s is warned of when it is spoken to in clear: %j', (LEDGER_ADDRESS, isWarned) => {
    const warned = (more: Record<string, string>): boolean =>
      warningsOf(withEnv({ LEDGER_ADDRESS, ...more }), 'security').some((text) => text.includes('in clear'));
    expect(warned({})).toBe(isWarned);
    expect(warned({ LEDGER_INSECURE: 'true' })).toBe(false);
    expect(warned({ LEDGER_CA: 'ca.pem' })).toBe(false);
  });

  it('has files that can be read and are what they must be', () => {
    const folder = aFolder({ 'text.pem': 'no certificate', 'broken.pem': '-----BEGIN CERTIFICATE-----\nMII\n' });
    for (const name of ['a', 'b'])
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
          ...['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`],
        ],
        { cwd: folder, stdio: 'ignore' },
      );
    const read = (ca?: string, cert?: string, key?: string) => {
      const [caFile, certFile, keyFile] = [ca, cert, key].map((name) => name && join(folder, name));
      return readLedgerTls({ caFile, certFile, keyFile, serverName: undefined });
    };
    expect(Object.keys(read('a.pem', 'b.pem', 'b.key') ?? {})).toEqual(['ca', 'certificate', 'key']);
    expect(readLedgerTls(undefined)).toBeUndefined();
    expect(problemOf(() => read('none.pem'))).toMatch(/^ledger_ca: .*none\.pem cannot be read\.$/);
    expect(problemOf(() => read('text.pem'))).toMatch(/^ledger_ca: .*text\.pem is no certificate/);
    expect(problemOf(() => read('broken.pem'))).toMatch(/^ledger_ca: .*broken\.pem is no certificate/);
    expect(problemOf(() => read(undefined, 'a.pem', 'b.key'))).toMatch(/^ledger_cert: .* no certificate with its key/);
  });
});

it('a switch for keys that rotate by themselves is told to have no effect', () => {
  const config = withEnv({ LITELLM_KEY_ROTATION_ENABLED: 'true', LITELLM_KEY_ROTATION_GRACE_PERIOD: '24h' });
  expect(config.ledger.rotationGrace).toBe('24h');
  expect(warningsOf(config, 'value')).toEqual([expect.stringMatching(/key_rotation_enabled.*has no effect/)]);
});
