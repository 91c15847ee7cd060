// Clients that stop reading. What is meant for them waits in memory, and with a stream its provider waits too.
import type { RouterSettings } from '@turnpike/domain';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Longest time in which a client that has bytes to read takes none of them. */
const MAX_UNREAD_MS = 120_000;

type Times = Pick<RouterSettings, 'streamIdleTimeoutMs' | 'timeoutMs' | 'requestTimeoutMs'>;

/** A client may not be silent for longer than a provider. */
export const unreadMsFor = ({ streamIdleTimeoutMs, timeoutMs, requestTimeoutMs }: Times): number =>
  Math.min(streamIdleTimeoutMs || timeoutMs || requestTimeoutMs, MAX_UNREAD_MS);

/** Looks for bytes that wait are this many times as frequent. */
const LOOKS = 10;

/**
 * Resets the connection of a client that takes nothing for so long, and a tenth of it more at most. Every byte that moves
 * starts the time anew, so a slow client is not meant. What belongs to the connection then learns that its client has left.
 *
 * @param connections those that are open
 */
export const resetWhenUnread = (server: Server, connections: ReadonlySet<Socket>, ms: number): void => {
  // Node's keep-alive time uses the same timer. It is whole, so that this fraction tells which of the two is over.
  const unreadMs = Math.trunc(ms) + 0.5;
  // A timer of its own for each connection would be set anew with every piece of every answer.
  const looks = setInterval(() => {
    for (const socket of connections) if (socket.writableLength > 0 && !socket.timeout) socket.setTimeout(unreadMs);
  }, unreadMs / LOOKS).unref();
  server.on('close', () => clearInterval(looks));
  server.on('timeout', (socket: Socket) => {
    // A plain close would leave what was not read to the system, for many minutes.
    if (socket.writableLength > 0) socket.resetAndDestroy();
    else if (socket.timeout === unreadMs) socket.setTimeout(0);
    // Whoever listens here does Node's part as well: an idle connection ends.
    else socket.destroy();
  });
};
