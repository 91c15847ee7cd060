// What operators say of all callers alike: where they may come from, and which routes there are for whom.
import type { AuthSettings } from '@turnpike/config';
import { AllowedRoutes } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { IncomingHttpHeaders } from 'node:http';
import type { BlockList } from 'node:net';
import type { Principal } from '../pipeline/exchange.js';
import { addressList, ClientAddresses, isListed, type Connection } from './client-address.js';

export class AccessRules {
  private readonly allowedIps: BlockList | undefined;
  private readonly addresses: ClientAddresses;
  private readonly allowed: AllowedRoutes | undefined;
  private readonly adminOnly: AllowedRoutes | undefined;
  private readonly public: AllowedRoutes | undefined;

  constructor(auth: AuthSettings) {
    this.allowedIps = auth.allowedIps.length > 0 ? addressList(auth.allowedIps) : undefined;
    this.addresses = new ClientAddresses(auth);
    this.allowed = routesOf(auth.routes.allowed);
    this.adminOnly = routesOf(auth.routes.adminOnly);
    this.public = routesOf(auth.routes.public);
  }

  /** Undefined: nothing is said, and nothing has to be looked at. */
  static of(auth: AuthSettings): AccessRules | undefined {
    const { allowed, adminOnly, public: open } = auth.routes;
    const isSaid = [auth.allowedIps, allowed, adminOnly, open].some((list) => list.length > 0);
    return isSaid ? new AccessRules(auth) : undefined;
  }

  /** Before anything is known of the caller. @throws GW_PERMISSION_DENIED */
  checkRequest(route: string, headers: IncomingHttpHeaders, connection: Connection | null | undefined): void {
    if (this.allowedIps) {
      const address = this.addresses.of(connection, headers);
      if (address === undefined || !isListed(this.allowedIps, address))
        throw denied(`Access forbidden: IP address not allowed.${address === undefined ? '' : ` It is ${address}.`}`);
    }
    if (this.allowed && !this.allowed.allows(route)) throw denied(`This gateway does not offer the route ${route}.`);
  }

  /** Everybody may call it. */
  isPublic(route: string): boolean {
    return this.public?.allows(route) ?? false;
  }

  /** @throws GW_PERMISSION_DENIED */
  checkCaller(principal: Principal, route: string): Principal {
    if (principal.isAdmin || !this.adminOnly?.allows(route)) return principal;
    throw denied(`The route ${route} is for admins only.`);
  }
}

/** With the version and without it, as clients write them. */
const routesOf = (entries: readonly string[]): AllowedRoutes | undefined =>
  entries.length === 0
    ? undefined
    : new AllowedRoutes(
        entries.flatMap((entry) =>
          entry.startsWith('/') && !entry.startsWith('/v1/') ? [entry, `/v1${entry}`] : entry,
        ),
      );

const denied = (message: string): GatewayError => new GatewayError('GW_PERMISSION_DENIED', message);
