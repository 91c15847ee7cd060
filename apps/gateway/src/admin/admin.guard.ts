// Lets only admin keys through. No setting opens these routes.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { actFor, OnBehalf } from './ledger/on-behalf.js';

@Injectable()
export class AdminGuard implements CanActivate {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** @throws GW_NO_KEY, GW_INVALID_KEY, GW_PERMISSION_DENIED */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { headers, raw, routeOptions } = request;
    const { keys, config, ledger } = this.runtime;
    const { keyHash, isToken } = await keys.authenticateAdmin(headers, config.auth, routeOptions.url ?? '', raw.socket);
    // The ledger knows keys alone.
    if (ledger && !isToken) actFor(request, new OnBehalf(ledger.client, { keyHash, isAdmin: true }));
    return true;
  }
}
