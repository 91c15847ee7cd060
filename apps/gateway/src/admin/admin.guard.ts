// Lets only admin keys through. No setting opens these routes.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';

@Injectable()
export class AdminGuard implements CanActivate {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** @throws GW_NO_KEY, GW_INVALID_KEY, GW_PERMISSION_DENIED */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers, raw, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
    const { keys, config } = this.runtime;
    await keys.authenticateAdmin(headers, config.auth, routeOptions.url ?? '', raw.socket);
    return true;
  }
}
