import { describe, expect, it } from '@jest/globals';
import type { CallFinished } from '../contracts/callback/v1/index.js';
import type { HttpRequest, Logger, PluginHost } from '../host.js';
import { lotsOf, postLot, type Lot } from './lots.js';

const calls = (count: number): CallFinished[] =>
  Array.from({ length: count }, (_, index) => ({ callId: `${index}` }) as CallFinished);

const idsOf = ({ calls }: Lot): string => calls.map(({ callId }) => callId).join('');

const listOf = async (lots: AsyncIterable<Lot>): Promise<Lot[]> => {
  const list: Lot[] = [];
  for await (const lot of lots) list.push(lot);
  return list;
};

describe('lots', () => {
  it.each([
    [{ maxBytes: 100 }, ['01234']],
    [{ maxBytes: 100, maxCalls: 2 }, ['01', '23', '4']],
    [{ maxBytes: 8 }, ['01', '23', '4']],
    [{ maxBytes: 3 }, ['0', '1', '2', '3', '4']],
  ])('hold no more than %j', async (limits, expected) => {
    const lots = await listOf(lotsOf(calls(5), ({ callId }) => `ü${callId}.`, limits));
    expect(lots.map(idsOf)).toEqual(expected);
    expect(lots.flatMap(({ texts }) => texts)).toEqual(['ü0.', 'ü1.', 'ü2.', 'ü3.', 'ü4.']);
  });

  it('of nothing are none', async () => {
    expect(await listOf(lotsOf([], () => '', { maxBytes: 1 }))).toEqual([]);
  });

  it('let others in between two calls', async () => {
    let turns = 0;
    const count = (): unknown => (turns += 1) < 100 && setImmediate(count);
    setImmediate(count);
    await listOf(lotsOf(calls(5), ({ callId }) => callId, { maxBytes: 100 }));
    expect(turns).toBeGreaterThanOrEqual(4);
    turns = 100;
  });
});

/** As much of a host as posting needs; it answers each request with a status. */
const aHost = (answer: (body: string) => number) => {
  const requests: string[] = [];
  const counts: Record<string, number> = {};
  const logs: unknown[] = [];
  const host: Pick<PluginHost, 'http' | 'log' | 'metrics'> = {
    http: {
      request: ({ body }: HttpRequest) => {
        requests.push(String(body));
        return Promise.resolve({ status: answer(String(body)), headers: {}, body: new Uint8Array() });
      },
    },
    log: { warn: (message: string, fields: unknown) => void logs.push([message, fields]) } as unknown as Logger,
    metrics: { count: (name, by = 1) => void (counts[name] = (counts[name] ?? 0) + by), gauge: () => undefined },
  };
  return { host, requests, counts, logs };
};

describe('a lot that is posted', () => {
  const posted = async (answer: (body: string) => number) => {
    const { host, requests, counts, logs } = aHost(answer);
    const taken = new WeakSet<CallFinished>();
    const all = calls(5);
    const lot = { calls: all, texts: all.map(({ callId }) => callId) };
    const request = ({ texts }: Lot) => ({ url: 'https://logs.example.org/', body: texts.join('') });
    const error = await postLot(host, lot, { to: 'The server', request, done: taken }).catch(
      (caught: unknown) => (caught as Error).message,
    );
    const done = all
      .filter((call) => taken.has(call))
      .map(({ callId }) => callId)
      .join('');
    return { error, counts, logs, requests, done };
  };

  it.each([200, 202, 409])('is done with when the answer is %d', async (status) => {
    expect(await posted(() => status)).toMatchObject({ done: '01234', counts: {}, requests: ['01234'] });
  });

  it.each([413, 422])('loses only the calls that are refused with %d', async (status) => {
    const { done, counts, requests, logs } = await posted((body) => (body.includes('3') ? status : 202));
    expect(requests).toEqual(['01234', '012', '34', '3', '4']);
    expect(done).toBe('01234');
    expect(counts).toEqual({ refused: 1 });
    expect(logs).toEqual([['The server refuses what it is told, which is given up', { status, count: 1 }]]);
  });

  it.each([400, 401, 403, 404, 301])('is given up as a whole when the answer is %d', async (status) => {
    const { requests, counts, done } = await posted(() => status);
    expect(requests).toEqual(['01234']);
    expect(counts).toEqual({ refused: 5 });
    expect(done).toBe('01234');
  });

  it.each([500, 503, 429, 408])('comes again when the answer is %d, without what was taken', async (status) => {
    const { error, done, counts } = await posted((body) => (body.length > 3 ? 413 : body.includes('4') ? status : 202));
    expect(error).toBe(`The server answered ${status}.`);
    expect(done).toBe('012');
    expect(counts).toEqual({});
  });
});
