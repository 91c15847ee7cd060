// Where the ledger may be reached, and whether that is safe.
import { GatewayError } from '@turnpike/errors';
import { isIPv4 } from 'node:net';

export type Address = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number };

const HOST_AND_PORT = /^(\[[0-9a-fA-F:.]+\]|[^:/\s[\]]+):(\d{1,5})$/;

/** "unix:/path" or "host:port", an IPv6 host in brackets; port 0: any. */
export const parseAddress = (text: string): Address => {
  if (text.startsWith('unix:') && text.length > 'unix:'.length) {
    return { kind: 'unix', path: text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '') };
  }
  const [, host, port] = HOST_AND_PORT.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new GatewayError('GW_CONFIG_INVALID', `The gRPC address '${text}' is neither unix:/path nor host:port.`);
  return { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** Keys and tokens travel in every call: in clear only where nobody listens. */
export const mustBeSafe = (address: Address, text: string, hasTls: boolean, allowsInsecure: boolean): void => {
  if (address.kind === 'unix' || hasTls || allowsInsecure || isLoopback(address.host)) return;
  throw new GatewayError(
    'GW_CONFIG_INVALID',
    `The gRPC address '${text}' can be reached from other machines, and keys would travel in clear. ` +
      'Give a certificate, or set grpc_insecure: true where the network itself is trusted.',
  );
};
