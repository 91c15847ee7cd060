// Asks the ledger on behalf of a key. What that key may do is decided there.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { LedgerError, type CallOptions, type LedgerServices } from '@turnpike/rpc';
import { fromLedgerError } from './ledger-error.js';

type Method<Request, Answer> = (request: Request, options?: CallOptions) => Promise<Answer>;

export interface Acting {
  readonly keyHash: string;
  readonly isAdmin?: boolean;
  /** Whom the key says that it acts for, for the audit log. */
  readonly changedBy?: string;
}

export class OnBehalf {
  /** Of the key that acts. */
  readonly keyHash: string;
  /** As this gateway knows it; what it may do is decided in the ledger all the same. */
  readonly isAdmin: boolean;
  private readonly metadata: NonNullable<CallOptions['metadata']>;

  constructor(
    readonly services: LedgerServices,
    { keyHash, isAdmin = false, changedBy }: Acting,
  ) {
    this.keyHash = keyHash;
    this.isAdmin = isAdmin;
    this.metadata = {
      'x-turnpike-caller': keyHash,
      ...(changedBy !== undefined && { 'x-turnpike-changed-by': changedBy }),
    };
  }

  /** @throws GatewayError: what the ledger refused, or GW_LEDGER_UNAVAILABLE */
  async ask<Request, Answer>(method: Method<Request, Answer>, request: NoInfer<Request>): Promise<Answer> {
    try {
      return await method(request, { metadata: this.metadata });
    } catch (error) {
      throw error instanceof LedgerError ? fromLedgerError(error) : error;
    }
  }
}

const callers = new WeakMap<object, OnBehalf>();

/** Remembers for whom a request asks, for as long as there is the request. */
export const actFor = (request: object, caller: OnBehalf): void => void callers.set(request, caller);

export const callerOf = (request: object): OnBehalf => {
  const caller = callers.get(request);
  if (!caller) throw new Error('this route has no LedgerGuard');
  return caller;
};

/** In a controller behind AdminGuard: the same; undefined: there is no ledger, or the caller has no key. */
export const LedgerIfAny = createParamDecorator((_: undefined, context: ExecutionContext) =>
  callers.get(context.switchToHttp().getRequest<object>()),
);

/** In a controller behind LedgerGuard: the ledger, asked for the caller of this request. */
export const Ledger = createParamDecorator((_: undefined, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<object>()),
);
