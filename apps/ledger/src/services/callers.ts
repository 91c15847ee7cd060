// Knows who calls: gateways by their token, admins by the master key or a key of a proxy admin.
import { Inject, Injectable } from '@nestjs/common';
import { isRole } from '@turnpike/domain';
import { GatewayError, isGatewayError } from '@turnpike/errors';
import type { Principal } from '@turnpike/rpc';
import { timingSafeEqual } from 'node:crypto';
import type { Caller, Callers } from '../grpc/caller.js';
import { AuthorizeService } from './authorize.service.js';
import { masterCaller } from './caller.js';
import { hashSecret } from './key-secret.js';
import { GATEWAY_TOKEN_HASH, MASTER_KEY_HASH, NOW, type Now } from './ledger-settings.js';

/** A blocked key goes on for so long at most. */
const REMEMBERED_MS = 1_000;
const MAX_REMEMBERED = 1_000;
/** Routes that a key must have, where it has a list, to administer by gRPC. */
const ADMIN_ROUTES = new Set(['*', '/*', 'management_routes']);

@Injectable()
export class LedgerCallers implements Callers {
  private readonly remembered = new Map<string, { principal: Principal | undefined; until: number }>();

  constructor(
    private readonly authorizations: AuthorizeService,
    @Inject(GATEWAY_TOKEN_HASH) private readonly gatewayTokenHash: string,
    @Inject(MASTER_KEY_HASH) private readonly masterKeyHash: string,
    @Inject(NOW) private readonly now: Now,
  ) {}

  async identify(bearer: string, onBehalfOf?: string): Promise<Caller | undefined> {
    const hash = hashSecret(bearer);
    if (isSame(hash, this.gatewayTokenHash)) return await this.forGateway(onBehalfOf);
    if (onBehalfOf !== undefined) {
      throw new GatewayError('GW_PERMISSION_DENIED', 'Only a gateway calls on behalf of a key.');
    }
    if (isSame(hash, this.masterKeyHash)) return masterCaller(this.masterKeyHash);
    const principal = await this.principalOf(hash);
    if (!principal) return undefined;
    assertNotRefused(principal);
    const { role, allowedRoutes } = principal;
    if (role !== 'proxy_admin') {
      throw new GatewayError(
        'GW_PERMISSION_DENIED',
        `This takes a key of a proxy admin; the role of this one is ${role}.`,
      );
    }
    if (allowedRoutes.length > 0 && !allowedRoutes.some((route) => ADMIN_ROUTES.has(route))) {
      throw new GatewayError(
        'GW_PERMISSION_DENIED',
        'The allowed_routes of this key do not include management_routes.',
      );
    }
    return callerOf('admin', principal);
  }

  private async forGateway(onBehalfOf: string | undefined): Promise<Caller | undefined> {
    if (onBehalfOf === undefined) return { kind: 'gateway' };
    if (onBehalfOf === this.masterKeyHash) return masterCaller(this.masterKeyHash, 'gateway');
    const principal = await this.principalOf(onBehalfOf);
    if (!principal) return undefined;
    assertNotRefused(principal);
    return callerOf('gateway', principal);
  }

  private async principalOf(hash: string): Promise<Principal | undefined> {
    const now = this.now();
    const known = this.remembered.get(hash);
    if (known && known.until > now) return known.principal;
    const principal = await this.lookUp(hash);
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    this.remembered.set(hash, { principal, until: now + REMEMBERED_MS });
    return principal;
  }

  private async lookUp(hash: string): Promise<Principal | undefined> {
    try {
      return (await this.authorizations.authorize(hash)).principal;
    } catch (error) {
      if (isGatewayError(error) && error.code === 'GW_NOT_FOUND') return undefined;
      throw error;
    }
  }
}

const isSame = (some: string, other: string): boolean =>
  some.length === other.length && timingSafeEqual(Buffer.from(some), Buffer.from(other));

const assertNotRefused = ({ refusal }: Principal): void => {
  if (refusal !== '') throw new GatewayError('GW_INVALID_KEY', refusal);
};

const callerOf = (kind: Caller['kind'], principal: Principal): Caller => ({
  kind,
  keyHash: principal.keyHash,
  keyAlias: principal.keyAlias || undefined,
  role: isRole(principal.role) ? principal.role : undefined,
  userId: principal.userId || undefined,
  userEmail: principal.userEmail || undefined,
  teamId: principal.teamId || undefined,
  organizationId: principal.organizationId || undefined,
  ...(principal.permissions?.['get_spend_routes'] === true && { seesAllSpend: true }),
});
