// Opens the addresses of a server.
import { ServerCredentials, type Server } from '@grpc/grpc-js';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { mustBeSafe, parseAddress } from './addresses.js';
import { clearSocketPath, closeToOthers } from './unix-socket.js';

/** Files' contents, PEM. */
export interface ServerTls {
  certificate: Buffer;
  key: Buffer;
  /** Clients must have a certificate of one of these. Absent: they need none. */
  clientCa?: Buffer;
}

export interface ListenOptions {
  /** "unix:/path" (mode 0600, always in clear), "127.0.0.1:50051". At least one. */
  addresses: readonly string[];
  /** For TCP. */
  tls?: ServerTls;
  /** Allows addresses that other machines can reach without TLS. */
  grpcInsecure?: boolean;
}

const credentialsOf = ({ certificate, key, clientCa }: ServerTls): ServerCredentials =>
  ServerCredentials.createSsl(clientCa ?? null, [{ cert_chain: certificate, private_key: key }], Boolean(clientCa));

const bindOne = (server: Server, target: string, credentials: ServerCredentials): Promise<number> =>
  new Promise((resolve, reject) =>
    server.bindAsync(target, credentials, (error, port) => (error ? reject(error) : resolve(port))),
  );

/** Resolves with the addresses as they were bound: with a port where 0 was asked for. */
export const bindAll = async (server: Server, options: ListenOptions): Promise<string[]> => {
  const { addresses, tls, grpcInsecure = false } = options;
  const parsed = addresses.map((text) => ({ text, address: parseAddress(text) }));
  for (const { text, address } of parsed) mustBeSafe(address, text, tls !== undefined, grpcInsecure);
  const bound: string[] = [];
  for (const { text, address } of parsed) {
    if (address.kind === 'unix') {
      mkdirSync(dirname(address.path), { recursive: true, mode: 0o700 });
      await clearSocketPath(address.path);
      await bindOne(server, `unix:${address.path}`, ServerCredentials.createInsecure());
      await closeToOthers(address.path);
      bound.push(`unix:${address.path}`);
    } else {
      const credentials = tls ? credentialsOf(tls) : ServerCredentials.createInsecure();
      const port = await bindOne(server, text, credentials);
      bound.push(text.replace(/\d+$/, String(port)));
    }
  }
  return bound;
};
