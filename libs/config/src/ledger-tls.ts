// What it takes to speak with a ledger over TLS: the files that the configuration names.
import { GatewayError } from '@turnpike/errors';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { LedgerTls } from './canonical.js';

/** Files' contents, PEM. */
export interface LedgerCertificates {
  ca?: Buffer;
  certificate?: Buffer;
  key?: Buffer;
  serverName?: string;
}

/** A socket, or an address of this machine: nobody listens in between. */
export const isNearLedger = (address: string): boolean =>
  address.startsWith('unix:') || /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/.test(address);

/** @throws GW_CONFIG_INVALID naming the setting whose file cannot be read or is not what it must be */
export const readLedgerTls = (tls: LedgerTls | undefined): LedgerCertificates | undefined => {
  if (!tls) return undefined;
  const { caFile, certFile, keyFile, serverName } = tls;
  const ca = fileOf(caFile, 'ledger_ca');
  const certificate = fileOf(certFile, 'ledger_cert');
  const key = fileOf(keyFile, 'ledger_key');
  mustLoad({ ca }, `ledger_ca: ${caFile} is no certificate in PEM`);
  mustLoad(
    { cert: certificate, key },
    `ledger_cert: ${certFile} and ${keyFile} are no certificate with its key, in PEM`,
  );
  return {
    ...(ca && { ca }),
    ...(certificate && { certificate }),
    ...(key && { key }),
    ...(serverName !== undefined && { serverName }),
  };
};

const fileOf = (path: string | undefined, name: string): Buffer | undefined => {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `${name}: ${path} cannot be read.`, { cause });
  }
};

/** Found here, because it would otherwise be an error of the first connection, deep inside. */
const mustLoad = (
  parts: { ca?: Buffer | undefined; cert?: Buffer | undefined; key?: Buffer | undefined },
  problem: string,
): void => {
  const certificates = parts.ca ?? parts.cert;
  if (!certificates) return;
  try {
    // Of an authority that is no certificate a context says nothing.
    new X509Certificate(certificates);
    createSecureContext(parts);
  } catch (cause) {
    throw new GatewayError('GW_CONFIG_INVALID', `${problem}: ${(cause as Error).message}.`, { cause });
  }
};
