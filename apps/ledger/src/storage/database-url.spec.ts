import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeAddress, parseDatabaseUrl } from './database-url.js';

const refusalOf = (url: string): string => {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('DATABASE_URL', () => {
  it.each([
    [
      'postgresql://app:secret@db:5433/turnpike',
      { host: 'db', port: 5433, username: 'app', password: 'secret', database: 'turnpike', tls: false },
    ],
    ['postgres://app@db/turnpike', { host: 'db', port: 5432, username: 'app', password: undefined }],
    ['  "postgresql://app:secret@db/turnpike"\n', { host: 'db', password: 'secret' }],
    ["'postgresql://db/turnpike'", { host: 'db', username: undefined }],
    ['POSTGRESQL://db/turnpike', { host: 'db' }],
    ['postgresql://a%40b:p%2F%23%3F%20x@db/my%20base', { username: 'a@b', password: 'p/#? x', database: 'my base' }],
    ['postgresql://app:100%safe@db/turnpike', { password: '100%safe' }],
    ['postgresql://app:p@ss@db/turnpike', { password: 'p@ss', host: 'db' }],
    ['postgresql://[::1]:5433/turnpike', { host: '::1', port: 5433 }],
    ['postgresql:///turnpike?host=/var/run/postgresql', { host: '/var/run/postgresql', database: 'turnpike' }],
    ['postgresql://%2Fvar%2Frun%2Fpostgresql/turnpike', { host: '/var/run/postgresql' }],
    ['postgresql://db/turnpike?connection_limit=7&connect_timeout=3', { poolSize: 7, connectTimeoutMs: 3_000 }],
    ['postgresql://db/turnpike?pgbouncer=true&statement_cache_size=0', { ignored: [] }],
    ['postgresql://db/turnpike?schema=litellm', { schema: 'litellm', ignored: [] }],
    [
      'postgresql://db/turnpike?options=endpoint%3Dep-1&channel_binding=require',
      { options: 'endpoint=ep-1', channelBinding: true },
    ],
    ['postgresql://db/turnpike?application_name=mine&colour=red', { applicationName: 'mine', ignored: ['colour'] }],
    ['postgresql://db/turnpike?user=app&password=secret', { username: 'app', password: 'secret' }],
  ])('reads %s', (url, expected) => {
    expect(parseDatabaseUrl(url)).toMatchObject(expected);
  });

  it.each([
    ['', false],
    ['sslmode=disable', false],
    ['sslmode=allow', false],
    ['sslmode=prefer', 'prefer'],
    ['sslmode=require', { rejectUnauthorized: false }],
    ['ssl=true', { rejectUnauthorized: false }],
    ['sslmode=no-verify', { rejectUnauthorized: false }],
    ['sslmode=require&sslaccept=strict', {}],
    ['sslmode=require&sslaccept=accept_invalid_certs', { rejectUnauthorized: false }],
    ['sslmode=verify-full', {}],
  ])('means TLS by %p as libpq does', (parameters, tls) => {
    expect(parseDatabaseUrl(`postgresql://db/turnpike?${parameters}`).tls).toEqual(tls);
  });

  it('asks for proof where a root certificate is given, and of the name only with verify-full', () => {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-certificate-'));
    const file = join(folder, 'root.pem');
    writeFileSync(file, 'CERTIFICATE');
    const tlsOf = (parameters: string): unknown => parseDatabaseUrl(`postgresql://db/x?${parameters}`).tls;
    expect(tlsOf(`sslmode=require&sslrootcert=${file}`)).toEqual({
      ca: 'CERTIFICATE',
      checkServerIdentity: expect.any(Function),
    });
    expect(tlsOf(`sslmode=verify-ca&sslrootcert=${file}`)).toEqual({
      ca: 'CERTIFICATE',
      checkServerIdentity: expect.any(Function),
    });
    expect(tlsOf(`sslmode=verify-full&sslrootcert=${file}`)).toEqual({ ca: 'CERTIFICATE' });
    expect(tlsOf(`sslmode=require&sslaccept=strict&sslcert=${file}`)).toEqual({ ca: 'CERTIFICATE' });
    expect(tlsOf(`sslmode=verify-full&sslcert=${file}&sslkey=${file}`)).toEqual({
      cert: 'CERTIFICATE',
      key: 'CERTIFICATE',
    });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['mysql://app:hunter2@db/turnpike', 'only PostgreSQL is supported'],
    ['sqlite:./file.db', 'only PostgreSQL is supported'],
    ['db:5432/turnpike', 'only PostgreSQL is supported'],
    ['turnpike', 'no scheme'],
    ['', 'no scheme'],
    ['postgresql:///turnpike', 'names no host'],
    ['postgresql://app:hunter2@db', 'names no database'],
    ['postgresql://app:hunter2@db/', 'names no database'],
    ['postgresql://app:hunter2@db1,db2/turnpike', 'several hosts'],
    ['postgresql://app:hunter2#1@db/turnpike', 'must be written as'],
    ['postgresql://app:hunter2/1@db/turnpike', 'must be written as'],
    ['postgresql://app:hunter2@db:port/turnpike', 'host or port'],
    ['postgresql://app:hunter2@db/turnpike?sslmode=maybe', 'sslmode is none of'],
    ['postgresql://app:hunter2@db/turnpike?connection_limit=many', 'connection_limit is not a whole number'],
    ['postgresql://app:hunter2@db/turnpike?sslrootcert=/nowhere.pem', 'cannot be read (ENOENT)'],
  ])('refuses %s, and shows no password', (url, why) => {
    expect(refusalOf(url)).toContain(why);
    expect(refusalOf(url)).not.toContain('hunter2');
  });

  it('is described without its password', () => {
    expect(describeAddress(parseDatabaseUrl('postgresql://app:hunter2@db/turnpike'))).toBe('app@db:5432/turnpike');
  });
});
