import type { AuthSettings } from '@turnpike/config';
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { Principal } from '../pipeline/exchange.js';
import { Keys, type KeyResolver } from './keys.js';

const MASTER = 'sk-master-0123456789';
const VIRTUAL = 'sk-virtual-0123456789';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const auth = (changes: Partial<AuthSettings> = {}): AuthSettings =>
  ({ isOpen: false, keyHeaderName: undefined, ...changes }) as AuthSettings;

const someone: Principal = { isAdmin: false, keyHash: sha256(VIRTUAL), keyAlias: 'a', teamId: 't', userId: 'u' };
const knows: KeyResolver = { resolve: (hash) => (hash === someone.keyHash ? someone : undefined) };
const asks: KeyResolver = { resolve: async (hash) => knows.resolve(hash) };
const fault = (code: string, message = ''): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('where a key may stand', () => {
  it.each<[Record<string, string>]>([
    [{ authorization: `Bearer ${MASTER}` }],
    [{ authorization: `bearer   ${MASTER}` }],
    [{ authorization: MASTER }],
    [{ 'x-litellm-api-key': MASTER }],
    [{ 'x-litellm-api-key': `Bearer ${MASTER}` }],
    [{ 'api-key': MASTER }],
    [{ 'x-api-key': MASTER }],
    [{ 'x-goog-api-key': MASTER }],
    [{ 'ocp-apim-subscription-key': MASTER }],
    [{ authorization: 'Bearer', 'api-key': MASTER }],
    [{ authorization: 'Bearer ', 'api-key': ' ', 'x-api-key': MASTER }],
  ])('%j', (headers) => expect(new Keys(MASTER).authenticate(headers, auth())).toMatchObject({ isAdmin: true }));

  it('is also a header of its own, which counts first', () => {
    const keys = new Keys(MASTER);
    const settings = auth({ keyHeaderName: 'x-my-key' });
    expect(
      keys.authenticate({ 'x-my-key': `Bearer ${MASTER}`, authorization: 'Bearer other' }, settings),
    ).toMatchObject({
      isAdmin: true,
    });
    expect(keys.authenticate({ 'x-my-key': '', authorization: MASTER }, settings)).toMatchObject({ isAdmin: true });
    expect(() => keys.authenticate({ 'x-my-key': MASTER }, auth())).toThrow(fault('GW_NO_KEY'));
  });
});

describe('a request without a key', () => {
  it.each<[Record<string, string>]>([
    [{}],
    [{ authorization: '' }],
    [{ authorization: 'Bearer' }],
    [{ 'api-key': 'Bearer ' }],
  ])('%j is told to send one', (headers) =>
    expect(() => new Keys(MASTER).authenticate(headers, auth())).toThrow(fault('GW_NO_KEY', 'No api key')),
  );

  it('is anybody where the data plane is open', () => {
    expect(new Keys(MASTER).authenticate({}, auth({ isOpen: true }))).toEqual({
      isAdmin: false,
      keyHash: '',
      keyAlias: '',
      teamId: '',
      userId: '',
    });
  });
});

describe('a key', () => {
  it('of the master is known without asking anybody', () => {
    const nobody: KeyResolver = {
      resolve: () => {
        throw new Error('asked');
      },
    };
    expect(new Keys(MASTER, nobody).authenticate({ authorization: MASTER }, auth())).toMatchObject({
      isAdmin: true,
      keyHash: sha256(MASTER),
    });
  });

  it('is not taken for the key that the same connection sent before', () => {
    const keys = new Keys(MASTER, knows);
    const connection = {};
    const whoSends = (key: string) => keys.authenticate({ authorization: key }, auth(), connection);
    expect(whoSends(MASTER)).toMatchObject({ isAdmin: true });
    expect(whoSends(VIRTUAL)).toBe(someone);
    expect(whoSends(VIRTUAL)).toBe(someone);
    expect(whoSends(MASTER)).toMatchObject({ isAdmin: true });
    expect(() => whoSends('sk-unknown')).toThrow(fault('GW_INVALID_KEY'));
  });

  it('of somebody is known at once, or when the answer comes', async () => {
    expect(new Keys(MASTER, knows).authenticate({ authorization: VIRTUAL }, auth())).toBe(someone);
    await expect(new Keys(MASTER, asks).authenticate({ authorization: VIRTUAL }, auth())).resolves.toBe(someone);
  });

  it('that nobody knows is refused with little more than its hash', async () => {
    const key = 'sk-unknown-secret-part-wxyz';
    const refusal = fault('GW_INVALID_KEY', `sk-...wxyz, Key Hash (Token) = ${sha256(key)}`);
    expect(() => new Keys(MASTER, knows).authenticate({ authorization: key }, auth())).toThrow(refusal);
    await expect(new Keys(MASTER, asks).authenticate({ authorization: key }, auth())).rejects.toEqual(refusal);
    expect(() => new Keys(MASTER).authenticate({ authorization: key }, auth())).toThrow(/^(?!.*secret)/);
  });

  it('that is too short to show a part of is not shown', () => {
    expect(() => new Keys(MASTER).authenticate({ authorization: 'sk-short' }, auth())).toThrow(
      fault('GW_INVALID_KEY', '***'),
    );
  });

  it("that is another service's is recognised as such", () => {
    expect(() => new Keys(MASTER).authenticate({ authorization: 'xyz-0123456789' }, auth())).toThrow(
      fault('GW_INVALID_KEY', "start with 'sk-'"),
    );
  });

  it('that nobody knows is anybody where the data plane is open', async () => {
    const open = auth({ isOpen: true });
    expect(new Keys(MASTER, knows).authenticate({ authorization: 'sk-other' }, open)).toMatchObject({ keyHash: '' });
    await expect(new Keys(MASTER, asks).authenticate({ authorization: 'sk-other' }, open)).resolves.toMatchObject({
      isAdmin: false,
    });
  });

  it('cannot be checked when the resolver is away: its error is told', async () => {
    const away: KeyResolver = { resolve: () => Promise.reject(new Error('away')) };
    await expect(new Keys(MASTER, away).authenticate({ authorization: VIRTUAL }, auth())).rejects.toThrow('away');
  });
});

describe('a management route', () => {
  const keys = new Keys(MASTER, knows);

  it('takes the master key', async () => {
    await expect(keys.authenticateAdmin({ authorization: MASTER }, auth())).resolves.toMatchObject({ isAdmin: true });
  });

  it.each<[string, Record<string, string>, string]>([
    ['a virtual key', { authorization: VIRTUAL }, 'GW_PERMISSION_DENIED'],
    ['an unknown key', { authorization: 'sk-other' }, 'GW_INVALID_KEY'],
    ['no key', {}, 'GW_NO_KEY'],
  ])('takes %s for none, even where the data plane is open', async (_title, headers, code) => {
    await expect(keys.authenticateAdmin(headers, auth({ isOpen: true }))).rejects.toEqual(fault(code));
  });
});
