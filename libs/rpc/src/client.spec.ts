import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectLedger,
  errorMetadata,
  errorStatus,
  GatewayServiceDefinition,
  KeyServiceDefinition,
  toGrpcService,
  type AuthorizeEachRequest,
  type AuthorizeEachResponse,
  type GetKeyRequest,
  type GetKeyResponse,
  type LedgerClient,
  type UpdateKeyRequest,
  type UpdateKeyResponse,
  type WatchRequest,
  type WatchResponse,
} from './index.js';

type AskStream = ServerDuplexStream<AuthorizeEachRequest, AuthorizeEachResponse>;

/** A ledger of a few methods. `seen` tells what reached it. */
class FakeLedger {
  readonly seen: unknown[] = [];
  cancelled = 0;
  #server = new Server();
  address = '127.0.0.1:0';

  async start(address = '127.0.0.1:0'): Promise<void> {
    this.#server = new Server();
    this.#server.addService(toGrpcService(KeyServiceDefinition), {
      getKey: (call: ServerUnaryCall<GetKeyRequest, GetKeyResponse>, answer: sendUnaryData<GetKeyResponse>) =>
        this.#getKey(call, answer),
      updateKey: (
        call: ServerUnaryCall<UpdateKeyRequest, UpdateKeyResponse>,
        answer: sendUnaryData<UpdateKeyResponse>,
      ) => {
        this.seen.push(call.request);
        answer(null, { key: undefined });
      },
    });
    this.#server.addService(toGrpcService(GatewayServiceDefinition), {
      watch: (call: ServerWritableStream<WatchRequest, WatchResponse>) => this.#watch(call),
      authorizeEach: (call: AskStream) => this.#authorizeEach(call),
    });
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = address.startsWith('unix:') ? address : `127.0.0.1:${port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #getKey(call: ServerUnaryCall<GetKeyRequest, GetKeyResponse>, answer: sendUnaryData<GetKeyResponse>): void {
    const { key } = call.request;
    this.seen.push({ key, ...call.metadata.getMap() });
    call.on('cancelled', () => (this.cancelled += 1));
    if (key === 'slow') return;
    if (key === 'unknown') {
      const metadata = errorMetadata('NOT_FOUND', 'x', { errorCode: 'GW_NOT_FOUND', httpStatus: 404, param: 'key' });
      answer({ code: status.NOT_FOUND, details: 'There is no such key.', metadata });
    } else answer(null, { key: undefined });
  }

  /** Answers none before `go`, and then the last one first. */
  #authorizeEach(call: AskStream): void {
    this.seen.push('stream');
    const asked: AuthorizeEachRequest[] = [];
    call.on('cancelled', () => (this.cancelled += 1));
    call.on('data', (request: AuthorizeEachRequest) => {
      this.seen.push(request.keyHash);
      if (request.keyHash === 'break') call.emit('error', { code: status.UNAVAILABLE, details: 'Draining.' });
      else if (request.keyHash === 'end') call.end();
      else asked.unshift(request);
      if (request.keyHash !== 'go') return;
      for (const { ask, keyHash } of asked.splice(0)) {
        if (keyHash === 'slow') continue;
        const isKnown = keyHash !== 'unknown';
        const error = isKnown ? undefined : errorStatus('NOT_FOUND', 'Nobody.', { errorCode: 'GW_INVALID_KEY' });
        call.write({ ask, principal: undefined, sequence: isKnown ? keyHash.length : 0, error });
      }
    });
  }

  #watch(call: ServerWritableStream<WatchRequest, WatchResponse>): void {
    call.on('cancelled', () => (this.cancelled += 1));
    const { since } = call.request;
    for (const step of [1, 2, 3])
      call.write({ sequence: since + step, changes: [], recalledAccounts: [], bounded: undefined, now: undefined });
    if (since === 100) call.end();
    if (since === 200) call.emit('error', { code: status.UNAVAILABLE, details: 'Draining.' });
  }
}

let ledger: FakeLedger;
let client: LedgerClient;

beforeEach(async () => {
  ledger = new FakeLedger();
  await ledger.start();
  client = connectLedger({ address: ledger.address, token: 'gateway-token', deadlineMs: 3_000 });
});

afterEach(() => {
  client.close();
  ledger.stop();
});

const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !holds(); tries += 1) await sleep(10);
  expect(holds()).toBe(true);
};

describe('a call', () => {
  it('brings its token and further metadata, and gets a complete message', async () => {
    const answer = await client.keys.getKey({ key: 'sk-1' }, { metadata: { 'x-turnpike-caller': 'abc' } });
    expect(answer).toEqual({ key: undefined });
    expect(ledger.seen).toMatchObject([
      { key: 'sk-1', authorization: 'Bearer gateway-token', 'x-turnpike-caller': 'abc' },
    ]);
  });

  it('needs no more of a message than what it says', async () => {
    const changes = { models: ['gpt-4o'], budget: { maxNanoUsd: 5 }, metadata: { tags: ['a', null, { b: 1 }] } };
    await client.keys.updateKey({ key: 'sk-1', changes, updateMask: ['models', 'metadata'] });
    expect(ledger.seen).toMatchObject([
      { key: 'sk-1', changes: { ...changes, aliases: {}, spendNanoUsd: 0 }, updateMask: ['models', 'metadata'] },
    ]);
  });

  it('that is refused throws what the ledger said', async () => {
    await expect(client.keys.getKey({ key: 'unknown' })).rejects.toMatchObject({
      name: 'LedgerError',
      code: 'NOT_FOUND',
      message: 'There is no such key.',
      details: { errorCode: 'GW_NOT_FOUND', httpStatus: 404, param: 'key' },
      isAway: false,
    });
  });

  it('that is not answered in time counts as one to a ledger that is away', async () => {
    await expect(client.keys.getKey({ key: 'slow' }, { deadlineMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      isAway: true,
    });
  });

  it('is bounded by the deadline of the connection where it has none of its own', async () => {
    const hasty = connectLedger({ address: ledger.address, token: 't', deadlineMs: 50 });
    await expect(hasty.keys.getKey({ key: 'slow' })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    hasty.close();
  });

  it('ends at both sides when the caller gives it up', async () => {
    const giveUp = new AbortController();
    const answer = client.keys.getKey({ key: 'slow' }, { signal: giveUp.signal });
    await until(() => ledger.seen.length === 1);
    giveUp.abort(new Error('left'));
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED', isAway: false, cause: giveUp.signal.reason });
    await until(() => ledger.cancelled === 1);
  });

  it('is not even made when it was given up before', async () => {
    const answer = client.keys.getKey({ key: 'sk-1' }, { signal: AbortSignal.abort() });
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(ledger.seen).toEqual([]);
  });

  it('with metadata that cannot be sent is rejected', async () => {
    const answer = client.keys.getKey({ key: 'sk-1' }, { metadata: { 'x-turnpike-caller': 'a\nb' } });
    await expect(answer).rejects.toMatchObject({ name: 'LedgerError', code: 'INVALID_ARGUMENT', isAway: false });
  });

  it('to a method that the ledger does not have is not one to a ledger that is away', async () => {
    await expect(client.keys.listKeys({})).rejects.toMatchObject({ code: 'UNIMPLEMENTED', isAway: false });
  });

  it('to a ledger that is not there fails soon, and works again soon after it is back', async () => {
    ledger.stop();
    await expect(client.keys.getKey({ key: 'sk-1' })).rejects.toMatchObject({ isAway: true });
    await ledger.start(ledger.address);
    let answered = false;
    for (let tries = 0; tries < 40 && !answered; tries += 1) {
      answered = await client.keys.getKey({ key: 'sk-1' }).then(
        () => true,
        () => sleep(50, false),
      );
    }
    expect(answered).toBe(true);
  });

  it('that waits when the ledger is killed is known to have been cut off', async () => {
    const answer = client.keys.getKey({ key: 'slow' });
    await until(() => ledger.seen.length === 1);
    ledger.stop();
    await expect(answer).rejects.toMatchObject({ isAway: true });
  });

  it('goes over a unix socket as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rpc-'));
    const other = new FakeLedger();
    await other.start(`unix:${join(folder, 'ledger.sock')}`);
    const near = connectLedger({ address: other.address, token: 't' });
    await expect(near.keys.getKey({ key: 'sk-1' })).resolves.toEqual({ key: undefined });
    near.close();
    other.stop();
    rmSync(folder, { recursive: true });
  });
});

describe('a stream', () => {
  const sequences = async (since: number, signal?: AbortSignal): Promise<number[]> => {
    const seen: number[] = [];
    for await (const { sequence } of client.gateway.watch({ since }, { signal })) seen.push(sequence);
    return seen;
  };

  it('is read to its end', async () => expect(await sequences(100)).toEqual([101, 102, 103]));

  it('tells all that came before it broke', async () => {
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { sequence } of client.gateway.watch({ since: 200 })) seen.push(sequence);
    };
    await expect(read()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'Draining.', isAway: true });
    expect(seen).toEqual([201, 202, 203]);
  });

  it('outlives the deadline of calls', async () => {
    const hasty = connectLedger({ address: ledger.address, token: 't', deadlineMs: 50 });
    const stream = hasty.gateway.watch({ since: 1 })[Symbol.asyncIterator]();
    for (const sequence of [2, 3, 4]) expect((await stream.next()).value).toMatchObject({ sequence });
    const next = stream.next();
    expect(await Promise.race([next.catch(() => 'broken'), sleep(150, 'open')])).toBe('open');
    hasty.close();
    ledger.stop();
    await expect(next).rejects.toMatchObject({ isAway: true });
  });

  it('is closed at the ledger when the loop is left', async () => {
    for await (const { sequence } of client.gateway.watch({ since: 1 })) {
      expect(sequence).toBe(2);
      break;
    }
    await until(() => ledger.cancelled === 1);
  });

  it('is given up by its signal', async () => {
    const giveUp = new AbortController();
    const reading = sequences(1, giveUp.signal);
    setTimeout(() => giveUp.abort(), 50);
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED', isAway: false });
    await until(() => ledger.cancelled === 1);
  });

  it('breaks when the ledger is killed', async () => {
    const reading = sequences(1);
    setTimeout(() => ledger.stop(), 50);
    await expect(reading).rejects.toMatchObject({ isAway: true });
  });
});

describe('an ask', () => {
  const ask = (keyHash: string, deadlineMs?: number): Promise<number> =>
    client.gateway
      .authorizeEach({ keyHash }, deadlineMs === undefined ? {} : { deadlineMs })
      .then((told) => told.sequence);

  it('gets its own answer over the one stream, whichever comes first', async () => {
    expect(await Promise.all([ask('a'), ask('bb'), ask('ccc'), ask('go')])).toEqual([1, 2, 3, 2]);
    expect(await Promise.all([ask('dddd'), ask('go')])).toEqual([4, 2]);
    expect(ledger.seen).toEqual(['stream', 'a', 'bb', 'ccc', 'go', 'dddd', 'go']);
  });

  it('that is refused is refused alone', async () => {
    const [good, bad] = await Promise.allSettled([ask('a'), ask('unknown'), ask('go')]);
    expect(good).toEqual({ status: 'fulfilled', value: 1 });
    expect(bad).toMatchObject({
      reason: { code: 'NOT_FOUND', message: 'Nobody.', isAway: false, details: { errorCode: 'GW_INVALID_KEY' } },
    });
  });

  it('that is not answered in time fails alone, as one to a ledger that is away', async () => {
    const slow = ask('slow', 100);
    expect(await Promise.all([ask('a'), ask('go')])).toEqual([1, 2]);
    await expect(slow).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', isAway: true });
    expect(await Promise.all([ask('bb'), ask('go')])).toEqual([2, 2]);
  });

  it.each(['break', 'end'])(
    'that waits when the stream comes to its %s fails, and the next one opens another',
    async (how) => {
      const [waiting, last] = await Promise.allSettled([ask('a'), ask(how)]);
      for (const outcome of [waiting, last])
        expect(outcome).toMatchObject({ reason: { code: 'UNAVAILABLE', isAway: true } });
      expect(await Promise.all([ask('a'), ask('go')])).toEqual([1, 2]);
      expect(ledger.seen.filter((one) => one === 'stream')).toHaveLength(2);
    },
  );

  it('to a ledger that is not there fails soon', async () => {
    ledger.stop();
    await expect(ask('a')).rejects.toMatchObject({ code: 'UNAVAILABLE', isAway: true });
  });

  it('that waits ends with the client', async () => {
    const waiting = ask('slow');
    waiting.catch(() => undefined);
    while (!ledger.seen.includes('slow')) await sleep(5);
    client.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

it('after close, calls fail', async () => {
  client.close();
  await expect(client.keys.getKey({ key: 'sk-1' })).rejects.toMatchObject({ name: 'LedgerError' });
});
