// Replies are those of Redis 8.2.3.
import { describe, expect, it } from '@jest/globals';
import type { Connection } from '../connection.js';
import { hasVectorSets, VectorSetIndex } from './vector-set-index.js';

const { signal } = new AbortController();

/** Answers commands by their name, and writes them down. */
const aConnection = (replies: Record<string, unknown>): { connection: Connection; sent: unknown[][] } => {
  const sent: unknown[][] = [];
  const answer = (name: string, ...given: unknown[]): Promise<unknown> => {
    sent.push([name, ...given]);
    const reply = replies[name];
    return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
  };
  const client = {
    call: answer,
    pttl: (name: string) => answer('PTTL', name),
    pexpire: (name: string, ms: number) => answer('PEXPIRE', name, ms),
  };
  const run = (command: (given: typeof client) => Promise<unknown>): Promise<unknown> => command(client);
  return { connection: { run } as unknown as Connection, sent };
};

const DIRECTION = Float32Array.of(1, 0, 0);
const BYTES = Buffer.from('0000803f0000000000000000', 'hex');

describe('a vector set', () => {
  it('is asked for the nearest that has not ended, and tells the cosine between 0 and 1', async () => {
    const { connection, sent } = aConnection({ VSIM: ['k', '0.996941864490509'] });
    const index = new VectorSetIndex(connection, 'p:', 10);
    expect(await index.nearest('s', DIRECTION, 1_234.5, signal)).toEqual({
      key: 'k',
      similarity: expect.closeTo(0.99388, 4),
    });
    expect(sent).toEqual([['VSIM', 'p:s', 'FP32', BYTES, 'WITHSCORES', 'COUNT', 1, 'FILTER', '.endsAt > 1234']]);
  });

  it('that is not there knows nothing', async () => {
    const { connection } = aConnection({ VSIM: [] });
    expect(await new VectorSetIndex(connection, 'p:', 10).nearest('s', DIRECTION, 0, signal)).toBeUndefined();
  });

  it('lives as long as its last question, and no shorter than before', async () => {
    for (const [left, isLengthened] of [
      [-1, true],
      [500, true],
      [90_000, false],
    ] as const) {
      const { connection, sent } = aConnection({ VADD: 1, PTTL: left, PEXPIRE: 1, VCARD: 1 });
      await new VectorSetIndex(connection, 'p:', 10).add(
        's',
        { key: 'k', direction: DIRECTION, endsAt: 61_000 },
        1_000,
        signal,
      );
      expect(sent[0]).toEqual(['VADD', 'p:s', 'FP32', BYTES, 'k', 'SETATTR', '{"endsAt":61000}']);
      expect(sent.some(([name]) => name === 'PEXPIRE')).toBe(isLengthened);
    }
  });

  it('that is too large loses one', async () => {
    const { connection, sent } = aConnection({ VADD: 1, PTTL: 1e9, VCARD: 11, VRANDMEMBER: 'old', VREM: 1 });
    await new VectorSetIndex(connection, 'p:', 10).add('s', { key: 'k', direction: DIRECTION, endsAt: 5 }, 0, signal);
    expect(sent.at(-1)).toEqual(['VREM', 'p:s', 'old']);
  });
});

it.each<[unknown, boolean]>([
  [[['vadd', -1, ['write', 'denyoom', 'module'], 1, 1, 1, [], [], [], []]], true],
  [[null], false],
])('a server that says %j of VADD has vector sets: %s', async (reply, expected) => {
  expect(await hasVectorSets(aConnection({ COMMAND: reply }).connection, signal)).toBe(expected);
});
