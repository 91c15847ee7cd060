import { describe, expect, it } from '@jest/globals';
import { FakeResponse } from '../../test/doubles.js';
import { Broadcast, type Reader } from './broadcast.js';

const MIB = 1_048_576;

const aBroadcast = () => {
  const kept = { bytes: 0 };
  const broadcast = new Broadcast((bytes) => (kept.bytes += bytes));
  const join = (isFull = false): { client: FakeResponse; reader: Reader } => {
    const client = Object.assign(new FakeResponse(), { isFull });
    const reader = broadcast.join();
    reader.attach(client);
    return { client, reader };
  };
  return { broadcast, join, kept };
};

describe('a broadcast', () => {
  it('says the same to all, and to those who come late from the beginning', () => {
    const { broadcast, join } = aBroadcast();
    const first = join();
    broadcast.write('a');
    broadcast.write(Buffer.from('b'));
    const late = join();
    broadcast.write('c');
    expect([first.client.text, late.client.text]).toEqual(['abc', 'abc']);
  });

  it('waits with each client that is full, and with no other', () => {
    const { broadcast, join } = aBroadcast();
    const [slow, quick] = [join(true), join()];
    for (const piece of 'abc') expect(broadcast.write(piece)).toBe(true);
    expect([slow.client.text, quick.client.text]).toEqual(['a', 'abc']);
    slow.client.drain();
    expect(slow.client.text).toBe('abc');
  });

  it('makes the stream wait where one is far behind, until it has read or gone', () => {
    for (const release of ['drain', 'leave'] as const) {
      const { broadcast, join } = aBroadcast();
      const { client, reader } = join(true);
      let drained = 0;
      broadcast.on('drain', () => (drained += 1));
      expect(broadcast.write('x'.repeat(MIB))).toBe(true);
      for (let count = 0; count < 4; count += 1) broadcast.write('x'.repeat(MIB));
      expect(broadcast.write('x'.repeat(MIB))).toBe(false);
      expect(drained).toBe(0);
      if (release === 'drain') client.drain();
      else reader.leave();
      expect(drained).toBe(1);
    }
  });

  it('keeps all of it for those who may come late, up to a bound, and then only what somebody has not read', () => {
    const { broadcast, join, kept } = aBroadcast();
    const slow = join(true);
    for (let count = 0; count < 4; count += 1) broadcast.write('x'.repeat(MIB));
    expect([broadcast.isWhole, kept.bytes]).toEqual([true, 4 * MIB]);
    broadcast.write('y');
    expect(broadcast.isWhole).toBe(false);
    slow.client.drain();
    broadcast.write('z');
    expect([kept.bytes, slow.client.text.length]).toEqual([0, 4 * MIB + 2]);
  });

  it('leaves its end to the connections of those who are behind, and keeps nothing', () => {
    const { broadcast, join, kept } = aBroadcast();
    const slow = join(true);
    for (const piece of 'abc') broadcast.write(piece);
    broadcast.end();
    expect([slow.client.text, kept.bytes, broadcast.isWhole]).toEqual(['abc', 0, false]);
    expect(slow.client.listenerCount('drain')).toBe(0);
  });

  it('has all of it for one who took a place in time and reads after the end', () => {
    const { broadcast, kept } = aBroadcast();
    const reader = broadcast.join();
    broadcast.write('a');
    broadcast.end();
    expect(kept.bytes).toBe(1);
    const client = new FakeResponse();
    reader.attach(client);
    expect([client.text, kept.bytes]).toEqual(['a', 0]);
  });
});
