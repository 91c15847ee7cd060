// Stands before routes that the ledger answers: finds who calls. No setting opens these routes.
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { FastifyRequest } from 'fastify';
import type { Runtime } from '../../runtime/runtime.js';
import { RUNTIME } from '../../runtime/tokens.js';
import { actFor, OnBehalf } from './on-behalf.js';

@Injectable()
export class LedgerGuard implements CanActivate {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  /** @throws GW_NO_KEY, GW_INVALID_KEY, GW_KEY_EXPIRED, GW_KEY_BLOCKED, GW_PERMISSION_DENIED, GW_INVALID_REQUEST */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { config, keys, ledger } = this.runtime;
    // The route's pattern, not the path: that may hold a key.
    const route = request.routeOptions.url ?? '';
    const caller = await keys.authenticateKey(request.headers, config.auth, route, request.raw.socket);
    if (!ledger) throw noLedger();
    const { keyHash, isAdmin, isToken } = caller;
    if (isToken)
      throw new GatewayError(
        'GW_PERMISSION_DENIED',
        'Tokens of teams and users manage nothing here. Use a key, or a token with the admin scope.',
      );
    const changedBy = changedByIn(request.headers['litellm-changed-by']);
    actFor(request, new OnBehalf(ledger.client, { keyHash, isAdmin, changedBy }));
    return true;
  }
}

/** What gRPC carries as it is: visible ASCII. @throws GW_INVALID_REQUEST */
const changedByIn = (header: string | string[] | undefined): string | undefined => {
  if (header === undefined || header === '') return undefined;
  if (typeof header === 'string' && /^[\x20-\x7e]{1,256}$/.test(header)) return header;
  throw invalidRequest('The header litellm-changed-by must have 1 to 256 ASCII characters.', 'litellm-changed-by');
};

/** As LiteLLM answers without a database. */
const noLedger = (): GatewayError =>
  new GatewayError(
    'GW_INVALID_REQUEST',
    'No DB Connected: this gateway runs without a ledger, so it has no keys, teams, users or budgets to manage. ' +
      'Run `turnpike`, which starts one beside it, or name one in general_settings.ledger_address.',
    { type: 'no_db_connection' },
  );
