import { describe, expect, it } from '@jest/globals';
import { EgressGuard } from './egress-guard.js';

const REFUSED = expect.objectContaining({ code: 'GW_EGRESS_REFUSED' });
const check =
  (address: string, allowed: string[] = []): (() => void) =>
  () =>
    new EgressGuard(allowed).checkUrl(new URL(`http://${address}/`));

describe('EgressGuard', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1:8080',
    '[2606:4700::1111]',
    'example.com',
    '172.15.255.255',
    '172.32.0.1',
    '[::ffff:8.8.8.8]',
  ])('lets %s pass', (address) => expect(check(address)).not.toThrow());

  it.each([
    '127.0.0.1',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::10.0.0.1]',
    'metadata.google.internal',
  ])('refuses %s', (address) => expect(check(address)).toThrow(REFUSED));

  it.each<[string, string[]]>([
    ['10.1.2.3', ['10.0.0.0/8']],
    ['127.0.0.1', ['127.0.0.1']],
    ['[fd12::1]', ['fd00::/8']],
  ])('opens %s when %j is allowed', (address, allowed) => expect(check(address, allowed)).not.toThrow());

  it.each(['169.254.169.254', '100.100.100.200', '[fd00:ec2::254]'])(
    'never opens %s, a metadata service',
    (address) => {
      expect(check(address, ['0.0.0.0/0', '::/0', '169.254.169.254'])).toThrow(REFUSED);
    },
  );

  it('refuses other schemes', () => {
    expect(() => new EgressGuard([]).checkUrl(new URL('file:///etc/passwd'))).toThrow(REFUSED);
  });

  it.each<[string, string[], boolean]>([
    ['localhost', [], false],
    ['localhost', ['localhost'], true],
    ['localhost', ['127.0.0.0/8', '::1'], true],
    ['localhost', ['*.example.com'], false],
  ])('resolves %s with %j allowed: reachable %p', async (host, allowed, isReachable) => {
    const guard = new EgressGuard(allowed);
    const outcome = await new Promise<unknown>((resolve) => {
      guard.lookup(host, { all: true }, (error, addresses) => resolve(error ?? addresses));
    });
    if (isReachable) expect(Array.isArray(outcome)).toBe(true);
    else expect(outcome).toEqual(REFUSED);
  });

  it.each<[string, boolean]>([
    ['http://localhost:1/v1', false],
    ['http://10.0.0.1/', false],
    ['https://no-such-host.invalid/', true],
  ])('checks %s beforehand: allowed %p', async (address, isAllowed) => {
    const checked = new EgressGuard([]).check(new URL(address));
    if (isAllowed) await expect(checked).resolves.toBeUndefined();
    else await expect(checked).rejects.toEqual(REFUSED);
  });

  it('allows what a name below an allowed suffix resolves to', () => {
    const guard = new EgressGuard(['*.internal.example']);
    expect(() => guard.checkAddress('10.0.0.1', 'llm.internal.example')).not.toThrow();
    expect(() => guard.checkAddress('10.0.0.1', 'internal.example.evil')).toThrow(REFUSED);
  });
});
