// Where a request comes from: the other end of its connection, or whom the proxies before us say it came from.
import { BlockList, isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';

/** As far as it matters here. */
export interface Connection {
  readonly remoteAddress?: string | undefined;
}

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. Entries are checked when the configuration is read. */
export const addressList = (entries: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.trim().split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
};

export const isListed = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};

export interface AddressSettings {
  readonly useForwardedFor: boolean;
  readonly trustedProxies: readonly string[];
}

export class ClientAddresses {
  private readonly trusted: BlockList | undefined;

  constructor(private readonly settings: AddressSettings) {
    this.trusted = settings.trustedProxies.length > 0 ? addressList(settings.trustedProxies) : undefined;
  }

  /** Undefined: the connection is gone, or what stands in the header is no address. */
  of(connection: Connection | null | undefined, headers: IncomingHttpHeaders): string | undefined {
    const direct = plain(connection?.remoteAddress);
    return this.settings.useForwardedFor && direct !== undefined ? this.forwarded(direct, headers) : direct;
  }

  /**
   * Each proxy adds whom it heard, at the end. Read from there: the first that is no proxy of ours is the client; what
   * stands before it is the client's own word. Where no proxies are named, there is one: whoever connects.
   */
  private forwarded(direct: string, headers: IncomingHttpHeaders): string | undefined {
    const header = headers['x-forwarded-for'];
    const heard = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((part) => part.trim());
    if (this.trusted && !isListed(this.trusted, direct)) return direct;
    let client = direct;
    for (let at = heard.length - 1; at >= 0 && heard[at] !== ''; at -= 1) {
      const address = plain(withoutPort(heard[at]!));
      if (address === undefined) return undefined;
      client = address;
      if (!this.trusted || !isListed(this.trusted, client)) break;
    }
    return client;
  }
}

/** `::ffff:10.0.0.1` is 10.0.0.1. */
const plain = (address: string | undefined): string | undefined => {
  if (address === undefined) return undefined;
  const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
  return isIP(bare) === 0 ? undefined : bare;
};

/** Some proxies write `10.0.0.1:5000` and `[::1]:5000`. */
const withoutPort = (text: string): string =>
  /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
