import { describe, expect, it } from '@jest/globals';
import { addressList, ClientAddresses, isListed, type AddressSettings } from './client-address.js';

const of = (
  remoteAddress: string | undefined,
  forwarded: string | undefined,
  settings: Partial<AddressSettings> = {},
) =>
  new ClientAddresses({ useForwardedFor: true, trustedProxies: [], ...settings }).of(
    { remoteAddress },
    forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  );

describe('a client’s address', () => {
  it('is the other end of its connection, whatever a header says', () => {
    const settings = { useForwardedFor: false };
    expect(of('203.0.113.5', '10.0.0.1', settings)).toBe('203.0.113.5');
    expect(of('::ffff:203.0.113.5', undefined, settings)).toBe('203.0.113.5');
    expect(of('2001:db8::1', undefined, settings)).toBe('2001:db8::1');
    expect(of(undefined, undefined, settings)).toBeUndefined();
  });

  const trustedProxies = ['10.0.0.0/8', '2001:db8:ffff::/48'];

  it.each<[string, string, string | undefined, string[], string | undefined]>([
    ['what the one proxy heard', '10.0.0.1', '203.0.113.5', [], '203.0.113.5'],
    ['what the nearest proxy heard, not what was told before', '10.0.0.1', '1.2.3.4, 203.0.113.5', [], '203.0.113.5'],
    [
      'the first that is no proxy of ours, from the end',
      '10.0.0.1',
      '1.2.3.4, 203.0.113.5, 10.9.9.9',
      trustedProxies,
      '203.0.113.5',
    ],
    ['the connection’s, where that is no proxy of ours', '198.51.100.7', '10.0.0.5', trustedProxies, '198.51.100.7'],
    ['the furthest proxy’s, where all are ours', '10.0.0.1', '10.1.1.1, 10.2.2.2', trustedProxies, '10.1.1.1'],
    ['the connection’s, where the header is absent', '10.0.0.1', undefined, trustedProxies, '10.0.0.1'],
    ['the connection’s, where the header is empty', '10.0.0.1', ' ', trustedProxies, '10.0.0.1'],
    ['without its port', '10.0.0.1', '203.0.113.5:4711', [], '203.0.113.5'],
    ['of version 6, without its port', '10.0.0.1', '[2001:db8::1]:80', [], '2001:db8::1'],
    ['of version 6 through proxies', '2001:db8:ffff::1', '2001:db8::1', trustedProxies, '2001:db8::1'],
    ['nothing, where the header says none', '10.0.0.1', 'unknown', [], undefined],
    ['nothing, where the header is made up', '10.0.0.1', "1.2.3.4' OR 1=1", trustedProxies, undefined],
  ])('is %s', (_what, direct, forwarded, proxies, expected) => {
    expect(of(direct, forwarded, { trustedProxies: proxies })).toBe(expected);
  });
});

it.each<[string, string, boolean]>([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['203.0.113.5', '203.0.113.5', true],
  ['fd00::/8', 'fd12::1', true],
  ['fd00::/8', '10.0.0.1', false],
  ['0.0.0.0/0', 'not an address', false],
])('the list of %s has %s: %s', (entry, address, expected) => {
  expect(isListed(addressList([entry]), address)).toBe(expected);
});
