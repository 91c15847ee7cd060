// Two installations on one machine may each run a ledger; only one of them has the usual port.
import type { Logger } from '@turnpike/telemetry';
import { createServer } from 'node:net';
import { parseAddress } from './grpc/addresses.js';
import type { LedgerOptions } from './start-options.js';

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/** Without the address that need not be had, where somebody else has it. */
export const withoutTaken = async (options: LedgerOptions, log: Logger): Promise<LedgerOptions> => {
  const { optionalAddress, addresses } = options;
  if (optionalAddress === undefined || !addresses.includes(optionalAddress)) return options;
  const address = parseAddress(optionalAddress);
  if (address.kind === 'unix' || (await isFree(address.host, address.port))) return options;
  log.info('The gRPC address is taken; admin clients cannot reach this ledger. Choose another with --grpc-address.', {
    address: optionalAddress,
  });
  return { ...options, addresses: addresses.filter((other) => other !== optionalAddress) };
};
