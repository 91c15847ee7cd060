// The file of a unix socket: what a killed ledger left behind is removed, what a living one uses is not.
import { GatewayError } from '@turnpike/errors';
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error) => {
      if (codeOf(error) === 'ECONNREFUSED' || codeOf(error) === 'ENOENT') resolve(false);
      else reject(error);
    });
  });

const refuse = (message: string): never => {
  throw new GatewayError('GW_CONFIG_INVALID', message);
};

/** Makes room for a socket at `path`. GW_CONFIG_INVALID when something else is there. */
export const clearSocketPath = async (path: string): Promise<void> => {
  let stat;
  try {
    stat = await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (!stat.isSocket()) refuse(`'${path}' is in the way of the gRPC socket, and is no socket.`);
  if (await isAnswered(path)) refuse(`Another ledger listens at '${path}'. Stop it, or choose another data directory.`);
  await unlink(path);
};

/** Only the user that runs the ledger may connect. */
export const closeToOthers = (path: string): Promise<void> => chmod(path, 0o600);
