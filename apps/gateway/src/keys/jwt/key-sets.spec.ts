import { jwtVerify } from 'jose';
import { describe, expect, it } from '@jest/globals';
import { Issuer } from '../../../test/issuer.js';
import { KeySets, type KeySetsOptions } from './key-sets.js';

const TTL = 600_000;
const STALE = 3_600_000;

const someSets = (documents: Record<string, () => unknown>, options: Partial<KeySetsOptions> = {}) => {
  const clock = { now: 1_000_000 };
  const fetched: string[] = [];
  const away: (string | undefined)[] = [];
  const sets = new KeySets({
    urls: Object.keys(documents),
    ttlMs: TTL,
    staleMs: STALE,
    fetch: async (url) => {
      fetched.push(url);
      return documents[url]!();
    },
    now: () => clock.now,
    onAway: (_url, reason) => void away.push(reason),
    ...options,
  });
  const isGood = async (token: string): Promise<boolean> => {
    await jwtVerify(token, sets.keyFor);
    return true;
  };
  return { sets, clock, fetched, away, isGood };
};

describe('the keys of an issuer', () => {
  it.each(['RS256', 'PS384', 'ES256', 'EdDSA'])('of the kind %s are found', async (algorithm) => {
    const issuer = await Issuer.with(algorithm);
    const { isGood } = someSets({ 'http://idp/jwks': () => issuer.set });
    expect(await isGood(await issuer.token({}))).toBe(true);
  });

  it('are fetched once, by all who come at the same time too, until their time is over', async () => {
    const issuer = await Issuer.with('ES256');
    const { isGood, fetched, clock } = someSets({ 'http://idp/jwks': () => issuer.set });
    const token = await issuer.token({});
    await Promise.all([isGood(token), isGood(token)]);
    await isGood(token);
    expect(fetched).toHaveLength(1);
    clock.now += TTL;
    await isGood(token);
    expect(fetched).toHaveLength(2);
  });

  it('are where a discovery document says', async () => {
    const issuer = await Issuer.with('ES256');
    const { isGood, sets, fetched } = someSets(
      {
        'http://idp/.well-known/openid-configuration': () => ({ jwks_uri: 'http://idp/jwks' }),
        'http://idp/jwks': () => issuer.set,
      },
      { urls: ['http://idp/.well-known/openid-configuration'] },
    );
    await sets.warm();
    expect(fetched).toEqual(['http://idp/.well-known/openid-configuration', 'http://idp/jwks']);
    expect(await isGood(await issuer.token({}))).toBe(true);
  });

  it('of several issuers are all good', async () => {
    const [one, other] = [await Issuer.with('ES256'), await Issuer.with('RS256')];
    await other.addKey('RS256');
    const { isGood } = someSets({ 'http://one/jwks': () => one.set, 'http://other/jwks': () => other.set });
    expect(await isGood(await other.token({}))).toBe(true);
    expect(await isGood(await one.token({}))).toBe(true);
  });

  it('that are new are looked for, but not by every token with an unknown one', async () => {
    const issuer = await Issuer.with('ES256');
    const { isGood, fetched, clock } = someSets({ 'http://idp/jwks': () => issuer.set });
    await isGood(await issuer.token({}));
    await issuer.addKey('ES256');
    const rotated = await issuer.token({});
    await expect(isGood(rotated)).rejects.toMatchObject({ code: 'GW_INVALID_KEY' });
    expect(fetched).toHaveLength(1);
    clock.now += 5_000;
    expect(await isGood(rotated)).toBe(true);
    expect(fetched).toHaveLength(2);
  });

  it('that are taken back are no longer good once their time is over', async () => {
    const issuer = await Issuer.with('ES256');
    const token = await issuer.token({});
    const { isGood, clock } = someSets({ 'http://idp/jwks': () => issuer.set });
    await isGood(token);
    issuer.published.clear();
    expect(await isGood(token)).toBe(true);
    clock.now += TTL;
    await expect(isGood(token)).rejects.toMatchObject({ code: 'GW_INVALID_KEY' });
  });
});

describe('while an issuer is away', () => {
  it('the keys that are known go on for their time, and then are not', async () => {
    const issuer = await Issuer.with('ES256');
    let isAway = false;
    const { isGood, clock, away } = someSets({
      'http://idp/jwks': () => {
        if (isAway) throw new Error('refused');
        return issuer.set;
      },
    });
    const token = await issuer.token({});
    await isGood(token);
    isAway = true;
    clock.now += TTL + STALE - 1;
    expect(await isGood(token)).toBe(true);
    clock.now += 1;
    await expect(isGood(token)).rejects.toMatchObject({ code: 'GW_AUTH_PROVIDER_UNAVAILABLE', status: 503 });
    isAway = false;
    clock.now += 5_000;
    expect(await isGood(token)).toBe(true);
    expect(away).toEqual(['refused', undefined]);
  });

  it('nobody waits for it again and again', async () => {
    const { isGood, fetched } = someSets({
      'http://idp/jwks': () => {
        throw new Error('refused');
      },
    });
    const token = await (await Issuer.with('ES256')).token({});
    for (let round = 0; round < 3; round += 1)
      await expect(isGood(token)).rejects.toMatchObject({ code: 'GW_AUTH_PROVIDER_UNAVAILABLE' });
    expect(fetched).toHaveLength(1);
  });

  it('another issuer’s tokens are good', async () => {
    const issuer = await Issuer.with('ES256');
    const broken = (): never => {
      throw new Error('refused');
    };
    const { isGood } = someSets({ 'http://away/jwks': broken, 'http://idp/jwks': () => issuer.set });
    expect(await isGood(await issuer.token({}))).toBe(true);
  });
});

it.each<[string, unknown]>([
  ['an HTML page', '<html>'],
  ['no keys', { keys: 'none' }],
  ['null', null],
  ['keys that are none', { keys: [5] }],
  ['too many keys', { keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) }],
  ['a secret', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'key-1', alg: 'HS256' }] }],
])('what is published as %s makes no token good', async (_what, document) => {
  const token = await (await Issuer.with('ES256')).token({});
  const { isGood } = someSets({ 'http://idp/jwks': () => document });
  await expect(isGood(token)).rejects.toMatchObject({ status: expect.any(Number) });
});
