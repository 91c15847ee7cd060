// A scope is forgotten when its last question ends.
import type { Connection } from '../connection.js';

/** Never shortens the life that it has. */
export const keepFor = async (
  connection: Connection,
  name: string,
  lifeMs: number,
  signal: AbortSignal,
): Promise<void> => {
  const life = Math.max(1, Math.ceil(lifeMs));
  // Below 0: it has none yet.
  const left = await connection.run((client) => client.pttl(name), signal);
  if (left < life) await connection.run((client) => client.pexpire(name, life), signal);
};
