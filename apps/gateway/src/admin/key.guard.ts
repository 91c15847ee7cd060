// Lets every valid key through, also where the data plane is open to all.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';

@Injectable()
export class KeyGuard implements CanActivate {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** @throws GW_NO_KEY, GW_INVALID_KEY, GW_KEY_BLOCKED, GW_PERMISSION_DENIED */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
    const { keys, config } = this.runtime;
    await keys.authenticate(headers, { ...config.auth, isOpen: false }, routeOptions.url ?? '');
    return true;
  }
}
