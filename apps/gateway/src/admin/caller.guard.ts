// Lets every valid key through that may call the route, and remembers whose it is. No setting opens these routes.
import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../pipeline/exchange.js';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';

const callers = new WeakMap<object, Principal>();

@Injectable()
export class CallerGuard implements CanActivate {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** @throws GW_NO_KEY, GW_INVALID_KEY, GW_KEY_EXPIRED, GW_KEY_BLOCKED, GW_PERMISSION_DENIED, GW_LEDGER_UNAVAILABLE */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { keys, config } = this.runtime;
    const route = request.routeOptions.url ?? '';
    callers.set(request, await keys.authenticate(request.headers, { ...config.auth, isOpen: false }, route));
    return true;
  }
}

/** In a controller behind CallerGuard: who calls. */
export const Caller = createParamDecorator((_: undefined, context: ExecutionContext) =>
  callers.get(context.switchToHttp().getRequest<object>()),
);
