import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Worker } from 'node:cluster';
import { connect, type Socket } from 'node:net';
import { FrontDoor } from './front-door.js';

/** A worker that keeps what it is given, and says that it has it when it is told to. */
class FakeWorker {
  readonly given: Socket[] = [];
  fault: Error | null = null;

  send(_message: unknown, socket: Socket, { keepOpen }: { keepOpen: boolean }, done: (error: Error | null) => void) {
    if (!keepOpen) throw new Error('the connection is gone from here before the worker has it');
    this.given.push(socket);
    setImmediate(() => done(this.fault));
    return true;
  }

  asWorker(): Worker {
    return this as unknown as Worker;
  }
}

type End = 'reset' | 'closed' | 'refused' | 'open';

class Client {
  end: End = 'open';
  readonly socket: Socket;
  readonly arrived: Promise<void>;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.end = error.code === 'ECONNREFUSED' ? 'refused' : 'reset';
    });
    this.socket.on('close', () => {
      if (this.end === 'open') this.end = 'closed';
    });
    this.socket.resume();
    this.arrived = new Promise((resolve) => {
      this.socket.once('connect', () => resolve());
      this.socket.once('error', () => resolve());
    });
  }
}

let door: FrontDoor;
let port: number;
let clients: Client[] = [];

beforeEach(async () => {
  door = new FrontDoor();
  port = await door.open('127.0.0.1', 0);
});
afterEach(() => {
  for (const { socket } of clients) socket.destroy();
  clients = [];
  door.shut();
});

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

const come = async (count: number): Promise<Client[]> => {
  const come: Client[] = [];
  for (let at = 0; at < count; at += 1) {
    const client = new Client(port);
    await client.arrived;
    come.push(client);
  }
  clients.push(...come);
  await settled();
  return come;
};

const admitted = (): FakeWorker => {
  const worker = new FakeWorker();
  door.admit(worker.asWorker());
  return worker;
};
const counts = (...workers: FakeWorker[]): number[] => workers.map(({ given }) => given.length);
const ends = (some: Client[]): End[] => some.map(({ end }) => end);

describe('connections', () => {
  it('are dealt out in turn, to those who have taken the former one', async () => {
    const [one, two] = [admitted(), admitted()];
    await come(1);
    expect(counts(one, two)).toEqual([1, 0]);
    door.took(one.asWorker());
    await come(1);
    expect(counts(one, two)).toEqual([1, 1]);
    door.took(two.asWorker());
    await come(2);
    expect(counts(one, two)).toEqual([2, 2]);
  });

  it('pass a worker that is stuck', async () => {
    const [stuck, quick] = [admitted(), admitted()];
    await come(2);
    for (let more = 0; more < 3; more += 1) {
      door.took(quick.asWorker());
      await come(1);
    }
    expect(counts(stuck, quick)).toEqual([1, 4]);
  });

  it('wait while every worker is busy, and come in the order of their arrival', async () => {
    const worker = admitted();
    const waiting = await come(3);
    expect([counts(worker), ends(waiting)]).toEqual([[1], ['open', 'open', 'open']]);
    door.took(worker.asWorker());
    door.took(worker.asWorker());
    await settled();
    const ports = worker.given.map(({ remotePort }) => remotePort);
    expect(ports.slice(1)).toEqual(waiting.slice(1).map(({ socket }) => socket.localPort));
  });

  it('are let go here once a worker has them', async () => {
    const worker = admitted();
    const [client] = await come(1);
    expect(worker.given[0]!.destroyed).toBe(false);
    door.took(worker.asWorker());
    await settled();
    // In this process there is no other copy.
    expect([worker.given[0]!.destroyed, client!.end]).toEqual([true, 'closed']);
  });

  it('are not read here: the first bytes are the worker’s', async () => {
    const worker = admitted();
    const [client] = await come(1);
    client!.socket.write('GET / HTTP/1.1');
    await settled();
    expect(worker.given[0]!.bytesRead).toBe(0);
  });

  it('are reset at once when nobody serves', async () => {
    expect(ends(await come(1))).toEqual(['reset']);
  });
});

describe('a worker', () => {
  it('that is dismissed is given nothing more', async () => {
    const [one, two] = [admitted(), admitted()];
    door.dismiss(one.asWorker());
    await come(1);
    door.took(two.asWorker());
    await come(1);
    expect(counts(one, two)).toEqual([0, 2]);
  });

  it('that is dismissed still takes what it has in hand, and no more', async () => {
    const [one, two] = [admitted(), admitted()];
    const [client] = await come(1);
    door.dismiss(one.asWorker());
    expect(client!.end).toBe('open');
    door.took(one.asWorker());
    await come(2);
    expect(counts(one, two)).toEqual([1, 1]);
  });

  it('that dies lets go of what it had in hand, and of nothing else', async () => {
    const [dead, other] = [admitted(), admitted()];
    const [first, second, third] = await come(3);
    door.lost(dead.asWorker());
    await settled();
    expect(ends([first!, second!, third!])).toEqual(['reset', 'open', 'open']);
    door.took(other.asWorker());
    await settled();
    expect(counts(dead, other)).toEqual([1, 2]);
  });

  it('that cannot be reached counts as dead', async () => {
    const [gone, other] = [admitted(), admitted()];
    gone.fault = new Error('channel closed');
    expect(ends(await come(1))).toEqual(['reset']);
    await come(1);
    expect(counts(gone, other)).toEqual([1, 1]);
  });

  it('that is the last to go leaves nobody waiting', async () => {
    const worker = admitted();
    const [inHand, ...waiting] = await come(3);
    door.dismiss(worker.asWorker());
    await settled();
    expect([inHand!.end, ...ends(waiting)]).toEqual(['open', 'reset', 'reset']);
  });
});

describe('a door that is shut', () => {
  it('refuses who comes, resets who waits, and leaves alone who is in a worker’s hand', async () => {
    admitted();
    const [inHand, waiting] = await come(2);
    door.shut();
    await settled();
    expect(ends([inHand!, waiting!])).toEqual(['open', 'reset']);
    expect(ends(await come(1))).toEqual(['refused']);
  });

  it('stays shut when it was about to open', async () => {
    const late = new FrontDoor();
    const opening = late.open('127.0.0.1', 0);
    late.shut();
    port = await opening;
    expect(ends(await come(1))).toEqual(['refused']);
  });
});

it('a port that is taken is an error of the opening', async () => {
  await expect(new FrontDoor().open('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE', port });
});

it('localhost is every address that it has', async () => {
  const local = new FrontDoor();
  port = await local.open('localhost', 0);
  expect(port).toBeGreaterThan(0);
  expect(ends(await come(1))).toEqual(['reset']);
  local.shut();
});
