import { GatewayError } from '@turnpike/errors';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeTransfer } from '../../test/doubles.js';
import { WholeSink } from './whole-sink.js';

const TIMEOUT_MS = 2_000;
const cut = new GatewayError('GW_STREAM_CUT', 'The provider closed the connection.');

const receive = (maxBytes = 1_000) => {
  const sink = new WholeSink(maxBytes);
  const transfer = new FakeTransfer();
  const received = sink.received(transfer, TIMEOUT_MS);
  received.catch(() => undefined);
  return { sink, transfer, received };
};

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a whole answer', () => {
  it.each<[string, string[]]>([
    ['nothing', []],
    ['one piece', ['{"a":1}']],
    ['several pieces', ['{"a"', ':', '1}']],
  ])('of %s is put together, whatever its status', async (_title, pieces) => {
    for (const status of [200, 302, 429, 500]) {
      const { sink, received } = receive();
      sink.onHead(status, { 'x-a': 'b' });
      for (const piece of pieces) sink.onData(Buffer.from(piece));
      sink.onEnd();
      const answer = await received;
      expect([answer.status, answer.headers, answer.body.toString()]).toEqual([
        status,
        { 'x-a': 'b' },
        pieces.join(''),
      ]);
    }
  });

  it('in one piece is not copied', async () => {
    const { sink, received } = receive();
    const piece = Buffer.from('{}');
    sink.onHead(200, {});
    sink.onData(piece);
    sink.onEnd();
    expect((await received).body).toBe(piece);
  });

  it('leaves no timer behind', async () => {
    const { sink, received } = receive();
    sink.onHead(200, {});
    sink.onEnd();
    await received;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('larger than it may be is refused', () => {
    const { sink } = receive(10);
    sink.onHead(200, {});
    sink.onData(Buffer.alloc(10));
    expect(() => sink.onData(Buffer.alloc(1))).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE', message: expect.stringContaining('10 bytes') }),
    );
  });
});

describe('an answer that does not come', () => {
  it('is told by the connection', async () => {
    const { sink, received } = receive();
    sink.onHead(200, {});
    sink.onError(cut);
    await expect(received).rejects.toBe(cut);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is told even when the connection failed before anybody waited', async () => {
    const sink = new WholeSink(10);
    sink.onError(cut);
    await expect(sink.received(new FakeTransfer(), TIMEOUT_MS)).rejects.toBe(cut);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('in time is given up, though its head was there', async () => {
    const { sink, received, transfer } = receive();
    sink.onHead(200, {});
    jest.advanceTimersByTime(TIMEOUT_MS);
    await expect(received).rejects.toMatchObject({ code: 'GW_TIMEOUT', message: expect.stringContaining('2 s') });
    expect(transfer.steps).toEqual(['abort']);
  });

  it('before the client leaves is given up', async () => {
    const { sink, received, transfer } = receive();
    sink.abort();
    await expect(received).rejects.toMatchObject({ code: 'GW_CLIENT_CLOSED' });
    expect(transfer.steps).toEqual(['abort']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails once: the first reason counts', async () => {
    const { sink, received } = receive();
    sink.onError(cut);
    sink.timedOut(1);
    sink.abort();
    await expect(received).rejects.toBe(cut);
  });
});

it('a client that leaves after the answer changes nothing', async () => {
  const { sink, received } = receive();
  sink.onHead(200, {});
  sink.onEnd();
  sink.abort();
  await expect(received).resolves.toMatchObject({ status: 200 });
});
