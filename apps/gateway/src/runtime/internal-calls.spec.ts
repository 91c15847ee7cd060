import { describe, expect, it } from '@jest/globals';
import type { ExchangeInput, Principal } from '../pipeline/exchange.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Terms } from '../keys/terms.js';
import { InternalCalls } from './internal-calls.js';
import type { RuntimeSnapshot } from './snapshot.js';

const answer = (...vectors: unknown[]): string =>
  JSON.stringify({ data: vectors.map((embedding, index) => ({ index, embedding })) });

/** Calls whose road ends in this. */
const calling = (road: Pipeline | undefined) => {
  const snapshot = {} as RuntimeSnapshot;
  return { calls: new InternalCalls({ road: () => road, entered: () => snapshot }), snapshot };
};
const ending =
  (status: number, text: string): Pipeline =>
  ({ response }) => {
    response.writeHead(status, []);
    response.end(text);
  };
const asked = { model: 'bag', texts: ['a', 'b'], signal: new AbortController().signal };

describe('an embedding', () => {
  it('is asked for by the road, in the name of the caller and not by its terms', async () => {
    let seen: ExchangeInput | undefined;
    const { calls, snapshot } = calling((input) => {
      seen = input;
      ending(200, answer([1, 0], [0.5, 1]))(input);
    });
    const caller: Principal = {
      isAdmin: false,
      keyHash: 'k',
      keyAlias: 'a',
      teamId: 't',
      userId: 'u',
      terms: {} as Terms,
    };
    expect(await calls.embed({ ...asked, caller })).toEqual([Float32Array.of(1, 0), Float32Array.of(0.5, 1)]);
    expect(seen?.principal).toEqual({ isAdmin: false, keyHash: 'k', keyAlias: 'a', teamId: 't', userId: 'u' });
    expect(seen?.snapshot).toBe(snapshot);
    expect(JSON.parse(seen!.raw!.toString())).toEqual({ model: 'bag', input: ['a', 'b'], encoding_format: 'float' });
  });

  it.each<[string, number, string, string]>([
    ['an error', 429, '{"error":{"message":"slow down"}}', 'GW_UPSTREAM_ERROR'],
    ['too few', 200, answer([1]), 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['an empty one', 200, answer([1], []), 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['no numbers', 200, answer([1], ['x']), 'GW_UPSTREAM_INVALID_RESPONSE'],
  ])('fails where the answer is %s', async (_title, status, text, code) => {
    await expect(calling(ending(status, text)).calls.embed(asked)).rejects.toMatchObject({ code });
  });

  it('fails before there is a road', async () => {
    await expect(calling(undefined).calls.embed(asked)).rejects.toMatchObject({ code: 'GW_NOT_READY' });
  });

  it('that nobody wants any more leaves the road, as a client does', async () => {
    const controller = new AbortController();
    let hasLeft = false;
    const { calls } = calling(({ response }) => void response.on('close', () => (hasLeft = true)));
    const wanted = calls.embed({ ...asked, signal: controller.signal });
    controller.abort();
    await expect(wanted).rejects.toMatchObject({ code: 'GW_CLIENT_CLOSED' });
    expect(hasLeft).toBe(true);
    await expect(calls.embed({ ...asked, signal: controller.signal })).rejects.toThrow();
  });
});
