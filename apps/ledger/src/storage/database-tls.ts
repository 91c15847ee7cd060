// sslmode and its kin, as options of Node's TLS.
import type { GatewayError } from '@turnpike/errors';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** `prefer`: with TLS where the server has it, unchecked; else without. */
export type DatabaseTls = false | 'prefer' | ConnectionOptions;

const UNCHECKED: ConnectionOptions = { rejectUnauthorized: false };

type Refuse = (why: string) => GatewayError;

const read = (parameters: URLSearchParams, name: string, refuse: Refuse): string | undefined => {
  const path = parameters.get(name);
  if (path === null || path === '' || path === 'system') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw refuse(`the file of ${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
};

/** Certificates by their files. Prisma calls `sslcert` what libpq calls `sslrootcert`; only libpq's has a key beside it. */
const certificates = (parameters: URLSearchParams, refuse: Refuse): ConnectionOptions => {
  const key = read(parameters, 'sslkey', refuse);
  const certificate = read(parameters, 'sslcert', refuse);
  const ca = read(parameters, 'sslrootcert', refuse) ?? (key === undefined ? certificate : undefined);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(key === undefined ? {} : { key, cert: certificate }),
    ...(parameters.has('sslpassword') ? { passphrase: parameters.get('sslpassword') ?? '' } : {}),
  };
};

/**
 * As libpq means the words: `require` encrypts and asks for no proof, unless a root certificate is given.
 * docs: https://www.postgresql.org/docs/15/libpq-ssl.html, read 2026-11-21
 */
export const readTls = (parameters: URLSearchParams, refuse: Refuse): DatabaseTls => {
  const given = certificates(parameters, refuse);
  const word = parameters.get('sslmode') ?? (/^(true|1)$/.test(parameters.get('ssl') ?? '') ? 'require' : '');
  switch (word) {
    case '':
    case 'disable':
    case 'allow':
      return false;
    case 'prefer':
      return 'prefer';
    case 'no-verify':
      return { ...given, ...UNCHECKED };
    case 'require':
      if (parameters.get('sslaccept') === 'strict') return given;
      return given.ca === undefined ? { ...given, ...UNCHECKED } : { ...given, checkServerIdentity: () => undefined };
    case 'verify-ca':
      return { ...given, checkServerIdentity: () => undefined };
    case 'verify-full':
      return given;
  }
  throw refuse('sslmode is none of disable, allow, prefer, require, no-verify, verify-ca, verify-full.');
};
