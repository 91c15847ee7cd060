// Which addresses may be reached when the address did not come from the operator's own file.
import { GatewayError, isGatewayError } from '@turnpike/errors';
import { lookup as dnsLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Everything that is not a public unicast address. Source: IANA special-purpose address registries. */
const NOT_PUBLIC: readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

/** Cloud metadata services hand out credentials; no setting opens them. */
const METADATA: readonly [string, number, 'ipv4' | 'ipv6'][] = [
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

const METADATA_NAMES: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data']);

const blockList = (ranges: readonly [string, number, 'ipv4' | 'ipv6'][]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix, family] of ranges) list.addSubnet(address, prefix, family);
  return list;
};

const notPublic = blockList(NOT_PUBLIC);
const metadata = blockList(METADATA);

/** An IPv4 address written inside an IPv6 one is judged as IPv4. */
const unmap = (address: string): string => {
  const dotted = /^(?:::ffff:|64:ff9b::)(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (dotted) return dotted;
  const hex = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  if (!hex) return address;
  const value = (parseInt(hex[1]!, 16) << 16) | parseInt(hex[2]!, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
};

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const parseRange = (entry: string): [string, number, 'ipv4' | 'ipv6'] | undefined => {
  const [address = '', prefix] = entry.split('/');
  if (isIP(address) === 0) return undefined;
  const family = familyOf(address);
  const bits = prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix);
  return Number.isInteger(bits) && bits >= 0 && bits <= (family === 'ipv4' ? 32 : 128)
    ? [address, bits, family]
    : undefined;
};

export class EgressGuard {
  private readonly opened: BlockList;
  private readonly names: readonly string[];

  /** @param allowedHosts names, `*.suffix`, addresses and CIDR ranges */
  constructor(allowedHosts: readonly string[]) {
    const ranges = allowedHosts.map(parseRange);
    this.opened = blockList(ranges.filter((range) => range !== undefined));
    this.names = allowedHosts.filter((_, index) => ranges[index] === undefined).map((name) => name.toLowerCase());
  }

  /** @throws GW_EGRESS_REFUSED */
  checkUrl(url: URL): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw refused(url.hostname, 'only http and https are allowed');
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    if (METADATA_NAMES.has(host)) throw refused(host, 'it is a metadata service');
    if (isIP(host)) this.checkAddress(host, host);
  }

  /** @throws GW_EGRESS_REFUSED */
  checkAddress(address: string, host: string): void {
    const plain = unmap(address);
    const family = familyOf(plain);
    if (metadata.check(plain, family)) throw refused(host, 'it is a link-local or metadata address');
    if (!notPublic.check(plain, family) || this.opened.check(plain, family) || this.isNamed(host)) return;
    throw refused(host, 'it is not a public address');
  }

  /** As a connection would be checked, without making one. @throws GW_EGRESS_REFUSED */
  async check(url: URL): Promise<void> {
    this.checkUrl(url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host)) return;
    const problem = await new Promise<NodeJS.ErrnoException | null>((resolve) =>
      this.lookup(host, { all: true }, (error) => resolve(error)),
    );
    if (isGatewayError(problem)) throw problem;
  }

  /** Resolves like the system does, then checks every address: at connect time, so that a name cannot change in between. */
  readonly lookup: LookupFunction = (host, options, done) => {
    dnsLookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '', 4);
      try {
        for (const { address } of addresses) this.checkAddress(address, host);
      } catch (problem) {
        return done(problem as NodeJS.ErrnoException, '', 4);
      }
      if (options.all) return done(null, addresses);
      const [first] = addresses;
      done(null, first?.address ?? '', first?.family ?? 4);
    });
  };

  private isNamed(host: string): boolean {
    const name = host.toLowerCase();
    return this.names.some((entry) => (entry.startsWith('*.') ? name.endsWith(entry.slice(1)) : entry === name));
  }
}

const refused = (host: string, why: string): GatewayError =>
  new GatewayError(
    'GW_EGRESS_REFUSED',
    `This gateway does not connect to '${host}': ${why}. An operator can open it in general_settings.allowed_hosts.`,
  );
