// API key → principal. The master key is known here; virtual keys come through the resolver.
import type { AuthSettings } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AccessRules } from '../keys/access-rules.js';
import type { Connection } from '../keys/client-address.js';
import type { Tokens } from '../keys/jwt/tokens.js';
import type { Principal } from '../pipeline/exchange.js';

/** Knows virtual keys. Answers at once from memory, or by a promise when it has to ask. */
export interface KeyResolver {
  /** @param keyHash SHA-256 hex of the key. Undefined: no such key */
  resolve(keyHash: string): Principal | undefined | Promise<Principal | undefined>;
}

/** The resolver of a gateway without a ledger. */
export const noVirtualKeys: KeyResolver = { resolve: () => undefined };

const ADMIN: Omit<Principal, 'keyHash'> = { isAdmin: true, keyAlias: 'master', teamId: '', userId: 'default_user_id' };
const ANYONE: Principal = { isAdmin: false, keyHash: '', keyAlias: '', teamId: '', userId: '' };

/** Where clients of the three dialects, of Azure and of LiteLLM put their key; the first that is there counts. */
const KEY_HEADERS = [
  'x-litellm-api-key',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
] as const;

/** An empty key leaves the scheme alone: servers trim headers. */
const BEARER = /^bearer(?:\s+|$)/i;

export class Keys {
  /** Whom the master key makes of a caller. */
  readonly master: Principal;
  /** Tokens of other issuers; absent: none are taken. */
  tokens: Pick<Tokens, 'authenticate' | 'takes'> | undefined;
  /** Requests with a key that is not the master key. */
  lookups = 0;
  /** Of the configuration with these routes. */
  private rules: AccessRules | undefined;
  private ruled: AuthSettings['routes'] | undefined;
  /** The last key of each kept connection, which sends the same one with every request. */
  private readonly lastKeys = new WeakMap<object, { key: string; keyHash: string }>();

  constructor(
    masterKey: string,
    private readonly resolver: KeyResolver = noVirtualKeys,
    /** What keys expire by; epoch milliseconds. */
    private readonly now: () => number = Date.now,
  ) {
    this.master = { ...ADMIN, keyHash: hash('sha256', masterKey) };
  }

  /**
   * @param route that is called, as its path is written: `/v1/models`
   * @param connection that the key came over: what was found out about its last key is used again
   * @throws GW_NO_KEY, GW_INVALID_KEY, GW_KEY_EXPIRED, GW_KEY_BLOCKED, GW_PERMISSION_DENIED, GW_LEDGER_UNAVAILABLE,
   *   GW_AUTH_PROVIDER_UNAVAILABLE
   */
  authenticate(
    headers: IncomingHttpHeaders,
    auth: AuthSettings,
    route: string,
    connection?: Connection | null,
  ): Principal | Promise<Principal> {
    const rules = this.rulesOf(auth);
    if (!rules) return this.identify(headers, auth, route, connection);
    rules.checkRequest(route, headers, connection);
    if (rules.isPublic(route)) return ANYONE;
    const principal = this.identify(headers, auth, route, connection);
    return principal instanceof Promise
      ? principal.then((one) => rules.checkCaller(one, route))
      : rules.checkCaller(principal, route);
  }

  /** For management routes, which no setting opens. @throws as `authenticate` */
  async authenticateKey(
    headers: IncomingHttpHeaders,
    auth: AuthSettings,
    route: string,
    connection?: Connection | null,
  ): Promise<Principal> {
    const rules = this.rulesOf(auth);
    rules?.checkRequest(route, headers, connection);
    const principal = await this.identify(headers, { ...auth, isOpen: false }, route, connection);
    return rules?.checkCaller(principal, route) ?? principal;
  }

  /** For those that only admins may call. @throws as `authenticate` */
  async authenticateAdmin(
    headers: IncomingHttpHeaders,
    auth: AuthSettings,
    route: string,
    connection?: Connection | null,
  ): Promise<Principal> {
    const principal = await this.authenticateKey(headers, auth, route, connection);
    if (principal.isAdmin) return principal;
    throw new GatewayError('GW_PERMISSION_DENIED', 'This route needs an admin key, such as the master key.');
  }

  private identify(
    headers: IncomingHttpHeaders,
    auth: AuthSettings,
    route: string,
    connection: Connection | null | undefined,
  ): Principal | Promise<Principal> {
    const key = keyIn(headers, auth.keyHeaderName);
    if (key === undefined) {
      if (auth.isOpen) return ANYONE;
      throw new GatewayError(
        'GW_NO_KEY',
        'Authentication Error, No api key passed in. Send it in the authorization header, as a bearer token.',
      );
    }
    const keyHash = this.hashOf(key, connection);
    // Digests are compared, not keys: how far they agree tells nothing about the key.
    if (keyHash === this.master.keyHash) return this.master;
    if (this.tokens?.takes(key)) {
      const principal = this.tokens.authenticate(key, keyHash, headers);
      return principal instanceof Promise
        ? principal.then((one) => this.admitted(one, route))
        : this.admitted(principal, route);
    }
    this.lookups += 1;
    const known = this.resolver.resolve(keyHash);
    if (known instanceof Promise)
      return known.then((principal) =>
        principal ? this.admitted(principal, route) : this.unknown(key, keyHash, auth),
      );
    return known ? this.admitted(known, route) : this.unknown(key, keyHash, auth);
  }

  /** Made once for a configuration. */
  private rulesOf(auth: AuthSettings): AccessRules | undefined {
    if (this.ruled !== auth.routes) {
      this.ruled = auth.routes;
      this.rules = AccessRules.of(auth);
    }
    return this.rules;
  }

  /** SHA-256 hex of the master key. */
  get masterHash(): string {
    return this.master.keyHash;
  }

  private hashOf(key: string, connection: Connection | null | undefined): string {
    if (!connection) return hash('sha256', key);
    const last = this.lastKeys.get(connection);
    if (last?.key === key) return last.keyHash;
    const keyHash = hash('sha256', key);
    this.lastKeys.set(connection, { key, keyHash });
    return keyHash;
  }

  /** @throws what keeps this caller from calling at all, or from this route */
  private admitted(principal: Principal, route: string): Principal {
    const { terms, routes } = principal;
    if (routes && !routes.allows(route)) throw new GatewayError('GW_PERMISSION_DENIED', routes.refusalOf(route));
    if (!terms) return principal;
    if (terms.refusal !== undefined) throw new GatewayError('GW_KEY_BLOCKED', terms.refusal);
    // Most keys have no end; the others are worth a look at the clock.
    if (terms.expiresAt !== Infinity && terms.expiresAt <= this.now()) {
      const when = new Date(terms.expiresAt).toISOString();
      throw new GatewayError('GW_KEY_EXPIRED', `Authentication Error - Expired Key. It ended at ${when}.`);
    }
    if (!terms.routes.allows(route)) throw new GatewayError('GW_PERMISSION_DENIED', terms.routes.refusalOf(route));
    return principal;
  }

  private unknown(key: string, keyHash: string, auth: AuthSettings): Principal {
    if (auth.isOpen) return ANYONE;
    const shown = key.length > 12 ? `${key.slice(0, 3)}...${key.slice(-4)}` : '***';
    throw new GatewayError(
      'GW_INVALID_KEY',
      key.startsWith('sk-')
        ? `Authentication Error, Invalid proxy server token passed. Received API Key = ${shown}, Key Hash (Token) = ${keyHash}.`
        : "Authentication Error, the API key is not one of this gateway's: they start with 'sk-'.",
    );
  }
}

const keyIn = (headers: IncomingHttpHeaders, custom: string | undefined): string | undefined => {
  const own = custom === undefined ? undefined : keyOf(headers[custom]);
  const usual = own ?? keyOf(headers.authorization);
  if (usual !== undefined) return usual;
  for (const name of KEY_HEADERS) {
    const key = keyOf(headers[name]);
    if (key !== undefined) return key;
  }
  return undefined;
};

/** With the scheme or without; undefined when nothing is behind it. */
const keyOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header.replace(BEARER, '').trim() || undefined : undefined;
