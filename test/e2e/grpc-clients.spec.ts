// The admin clients of docs/grpc.md, run as they stand there: against a ledger behind mutual TLS.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { entryId } from '@turnpike/journal';
import { connectLedger } from '@turnpike/rpc';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../services/redis-server.js';
import { eventually, MASTER_KEY, newFolder, ROOT, startCommand } from './harness.js';

jest.setTimeout(180_000);

const EXAMPLES = join(ROOT, 'docs', 'examples', 'grpc');
const TOKEN = 'gateway-token-of-the-spec';

const folder = newFolder();
for (const name of ['ledger', 'client'])
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    ],
    { cwd: folder, stdio: 'ignore' },
  );
const file = (name: string): string => join(folder, name);

const address = `127.0.0.1:${await freePort()}`;
const ledger = startCommand({
  folder,
  env: { LITELLM_MASTER_KEY: MASTER_KEY, TURNPIKE_GATEWAY_TOKEN: TOKEN },
  args: [
    ...['ledger', '--grpc-address', address, '--grpc-cert', 'ledger.pem', '--grpc-key', 'ledger.key'],
    ...['--grpc-client-ca', 'client.pem'],
  ],
});

const ENV = {
  TURNPIKE_GRPC_ADDRESS: address,
  LITELLM_MASTER_KEY: MASTER_KEY,
  LEDGER_CA: file('ledger.pem'),
  LEDGER_CERT: file('client.pem'),
  LEDGER_KEY: file('client.key'),
};

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

const runExample = (program: string, args: readonly string[], env: object = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd: EXAMPLES, env: { PATH: process.env['PATH'], HOME: folder, ...ENV, ...env } };
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });

const gateway = connectLedger({
  address,
  token: TOKEN,
  tls: {
    ca: readFileSync(file('ledger.pem')),
    certificate: readFileSync(file('client.pem')),
    key: readFileSync(file('client.key')),
  },
});
afterAll(async () => {
  gateway.close();
  await ledger.stop();
});

/** A finished call of this key, as a gateway ships it. */
const charge = async (key: string, cost: number): Promise<void> => {
  const endedAt = Date.now();
  const entry = { v: 1, id: entryId(), startedAt: endedAt - 1, endedAt, key, status: 'success', cost, attempts: [] };
  await gateway.gateway.settle({ entries: [Buffer.from(JSON.stringify(entry))] });
};

beforeAll(async () => {
  await eventually(
    () => runExample(process.execPath, ['admin.ts', 'list']),
    ({ code }) => code === 0,
    60_000,
  );
});

/** Python with what the example needs: of the caller's, or made here where there is a Python and a package index. */
const findPython = (): string | undefined => {
  const given = process.env['TURNPIKE_TEST_PYTHON'];
  if (given) return given;
  const venv = mkdtempSync(join(tmpdir(), 'turnpike-python-'));
  process.once('exit', () => rmSync(venv, { recursive: true, force: true }));
  const python = join(venv, 'bin', 'python');
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    join(EXAMPLES, 'requirements.txt'),
  ];
  const isMade =
    spawnSync('python3', ['-m', 'venv', venv]).status === 0 &&
    spawnSync(python, pip, { timeout: 120_000 }).status === 0;
  return isMade ? python : undefined;
};

const python = findPython();
const CLIENTS: [language: string, program: string | undefined, script: string][] = [
  ['TypeScript', process.execPath, 'admin.ts'],
  ['Python', python, 'admin.py'],
];

describe.each(CLIENTS)('the admin client in %s', (language, program, script) => {
  const which = program === undefined ? it.skip : it;
  const admin = (args: readonly string[], env?: object): Promise<Ran> => runExample(program!, [script, ...args], env);

  which('makes a key, changes its budget, reads what it has spent, blocks it, and lists all', async () => {
    const made = await admin(['make', language, '5']);
    expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
    const [secret = '', token = ''] = made.stdout.trim().split(' ');
    expect([secret, token]).toEqual([expect.stringMatching(/^sk-/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect((await admin(['budget', token, '7.5'])).stdout).toBe('7.5 30d\n');
    await charge(token, 1_250_000_000);
    expect((await admin(['spend', secret])).stdout).toBe('1.25 of 7.5 USD\n');
    expect((await admin(['block', token])).stdout).toBe('blocked\n');
    for (const alias of ['a', 'b', 'c']) await admin(['make', `${language}-${alias}`, '1']);
    const { stdout } = await admin(['list']);
    for (const alias of ['', '-a', '-b', '-c'])
      expect(stdout).toMatch(new RegExp(`^${language}${alias} sk-\\.\\.\\.\\S{4}${alias ? '' : ' blocked'}`, 'm'));
  });

  which('tells what is wrong, with the code and the field at fault', async () => {
    const { code, stderr } = await admin(['budget', 'nonsense', '1']);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^INVALID_ARGUMENT: A key is named by its secret.*\(GW_INVALID_REQUEST, .*param key/m),
    ]);
    const stranger = await admin(['list'], { LITELLM_MASTER_KEY: 'sk-of-nobody' });
    expect([stranger.code, stranger.stderr]).toEqual([
      1,
      expect.stringMatching(/^UNAUTHENTICATED: .*\(GW_INVALID_KEY, http_status 401\)/m),
    ]);
  });

  which('is not let in without its certificate', async () => {
    const { code, stderr } = await admin(['list'], { LEDGER_CERT: '', LEDGER_KEY: '' });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/UNAVAILABLE/)]);
  });
});

it('what the ledger can do is listed without its contract', async () => {
  const { stdout } = await runExample(process.execPath, ['list-services.ts']);
  const methods = stdout.trim().split('\n');
  expect(methods).toEqual(
    expect.arrayContaining([
      'turnpike.ledger.v1.KeyService/GenerateKey',
      'turnpike.ledger.v1.ImportService/ImportDatabase',
    ]),
  );
  expect(methods.length).toBeGreaterThan(80);
});
