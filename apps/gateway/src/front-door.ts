// Where connections come in when several workers share a port. The primary accepts them and hands each to a worker; so
// it can also shut the door, and nobody is left standing between a door that is shut and a worker that has gone.
import type { Worker } from 'node:cluster';
import { lookup } from 'node:dns/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { FromPrimary } from './channel.js';

const CONNECTION: FromPrimary = { type: 'connection' };

export class FrontDoor {
  private readonly servers: Server[] = [];
  private readonly serving = new Set<Worker>();
  /** Those with nothing in hand; who has waited longest is next. */
  private free: Worker[] = [];
  /** The one connection that each was given and has not taken yet: a worker that is stuck gets no more. */
  private readonly inHand = new Map<Worker, Socket>();
  private waiting: Socket[] = [];
  private isShut = false;

  /** @returns the port, which the system chose when 0 was asked for. @throws what the system says, as EADDRINUSE */
  async open(host: string, port: number): Promise<number> {
    const [first = host, ...others] = host === 'localhost' ? await addressesOf(host) : [host];
    const bound = await this.listen(first, port);
    // A name may have addresses that this machine does not offer.
    await Promise.allSettled(others.map((address) => this.listen(address, bound)));
    return bound;
  }

  /** From now on the worker is given connections. */
  admit(worker: Worker): void {
    this.serving.add(worker);
    this.free.push(worker);
    this.deal();
  }

  /** The worker has what it was given, and is ready for more. */
  took(worker: Worker): void {
    // Its own copy stays open.
    this.inHand.get(worker)?.destroy();
    this.inHand.delete(worker);
    if (this.serving.has(worker)) this.free.push(worker);
    this.deal();
  }

  /** The worker is given nothing more. What it has in hand is still its own. */
  dismiss(worker: Worker): void {
    this.serving.delete(worker);
    this.free = this.free.filter((one) => one !== worker);
    if (this.serving.size === 0) this.turnAway();
  }

  /** The worker is dead. */
  lost(worker: Worker): void {
    this.inHand.get(worker)?.resetAndDestroy();
    this.inHand.delete(worker);
    this.dismiss(worker);
  }

  /** Nobody comes in any more, and whoever waits is turned away at once. */
  shut(): void {
    this.isShut = true;
    for (const server of this.servers) server.close();
    this.turnAway();
  }

  private listen(host: string, port: number): Promise<number> {
    // Nothing may be read here: the first bytes are the worker's.
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.arrived(socket));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        this.servers.push(server);
        resolve((server.address() as AddressInfo).port);
        if (this.isShut) server.close();
      });
    });
  }

  private arrived(socket: Socket): void {
    // A client may leave before a worker has it.
    socket.on('error', () => undefined);
    this.waiting.push(socket);
    if (this.isShut || this.serving.size === 0) this.turnAway();
    else this.deal();
  }

  private deal(): void {
    while (this.free.length > 0 && this.waiting.length > 0) {
      const worker = this.free.shift()!;
      const socket = this.waiting.shift()!;
      this.inHand.set(worker, socket);
      worker.send(CONNECTION, socket, { keepOpen: true }, (error) => {
        if (error) this.lost(worker);
      });
    }
  }

  /** A client that is reset knows at once that it may try elsewhere. */
  private turnAway(): void {
    for (const socket of this.waiting) socket.resetAndDestroy();
    this.waiting = [];
  }
}

const addressesOf = async (host: string): Promise<string[]> => {
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
};
