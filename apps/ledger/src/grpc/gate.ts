// Stands before every service: finds who calls and whether they may call this service at all, before a message is read.
// It also keeps count of open streams that are not ours, such as those of health watchers, which would outlast a shutdown.
import {
  ServerInterceptingCall,
  ServerListenerBuilder,
  ResponderBuilder,
  type Metadata,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { GatewayError } from '@turnpike/errors';
import { GatewayServiceDefinition } from '@turnpike/rpc';
import type { Caller, Callers } from './caller.js';
import { toStatus, type OnUnknownError } from './status.js';

/** Longer ones are nobody's, and are not looked up. */
const MAX_TOKEN_CHARACTERS = 1_024;
const HASH = /^[0-9a-f]{64}$/;

const OPEN_TO_ALL = '/grpc.health.v1.Health/';
const FOR_ANY_KEY = '/grpc.reflection.';
const FOR_GATEWAYS = `/${GatewayServiceDefinition.fullName}/`;

const textIn = (metadata: Metadata, name: string): string | undefined => {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : undefined;
};

const bearerIn = (metadata: Metadata): string => {
  const header = textIn(metadata, 'authorization') ?? '';
  const [, token] = /^bearer +(\S+)$/i.exec(header.slice(0, MAX_TOKEN_CHARACTERS + 10)) ?? [];
  if (!token) throw new GatewayError('GW_NO_KEY', 'Send the metadata `authorization: Bearer <token or key>`.');
  return token;
};

const onBehalfOfIn = (metadata: Metadata): string | undefined => {
  const hash = textIn(metadata, 'x-turnpike-caller');
  if (hash === undefined || HASH.test(hash)) return hash;
  throw new GatewayError('GW_INVALID_REQUEST', 'x-turnpike-caller must be the SHA-256 of a key, in lower-case hex.', {
    param: 'x-turnpike-caller',
  });
};

/** Longer names are cut. */
const MAX_NAME_CHARACTERS = 256;

const withNamed = (caller: Caller, metadata: Metadata): Caller => {
  const changedBy = textIn(metadata, 'x-turnpike-changed-by')?.slice(0, MAX_NAME_CHARACTERS);
  return changedBy ? { ...caller, changedBy } : caller;
};

const identify = async (callers: Callers, metadata: Metadata): Promise<Caller> => {
  const bearer = bearerIn(metadata);
  const onBehalfOf = onBehalfOfIn(metadata);
  const caller = bearer.length > MAX_TOKEN_CHARACTERS ? undefined : await callers.identify(bearer, onBehalfOf);
  if (!caller) throw new GatewayError('GW_INVALID_KEY', 'The token or key is not known here.');
  return caller;
};

const mustBeAllowed = (caller: Caller, path: string): void => {
  if (path.startsWith(FOR_ANY_KEY)) return;
  if (path.startsWith(FOR_GATEWAYS)) {
    if (caller.kind === 'gateway') return;
    throw new GatewayError('GW_PERMISSION_DENIED', 'This service takes a gateway token only.');
  }
  if (caller.kind === 'admin' || caller.keyHash !== undefined) return;
  throw new GatewayError(
    'GW_PERMISSION_DENIED',
    'A gateway calls this service on behalf of a key: send its hash as x-turnpike-caller.',
  );
};

export interface GateOptions {
  callers: Callers;
  /** Of what `callers` threw. */
  onUnknownError(path: string, error: unknown): void;
}

export class Gate {
  readonly #callers = new WeakMap<Metadata, Caller>();
  readonly #watchers = new Set<ServerInterceptingCallInterface>();

  constructor(private readonly options: GateOptions) {}

  /** Of a call that came through. */
  callerOf(metadata: Metadata): Caller {
    const caller = this.#callers.get(metadata);
    if (!caller) throw new GatewayError('GW_NO_KEY', 'This call came past the gate.');
    return caller;
  }

  /** Ends the streams of the library's own services. */
  endWatchers(reason: GatewayError): void {
    for (const call of this.#watchers) call.sendStatus(toStatus(reason, () => undefined));
  }

  readonly interceptor: ServerInterceptor = (method, call) => {
    const isWatcher = method.responseStream && method.path.startsWith('/grpc.');
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (isWatcher) this.#watchers.add(call);
        if (method.path.startsWith(OPEN_TO_ALL)) next(metadata);
        else void this.#admit(method.path, call, metadata, next);
      })
      // The library says so at the end of every call, however it ended.
      .withOnCancel(() => void this.#watchers.delete(call))
      .build();
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
  };

  async #admit(
    path: string,
    call: ServerInterceptingCallInterface,
    metadata: Metadata,
    next: (metadata: Metadata) => void,
  ): Promise<void> {
    const onUnknown: OnUnknownError = (error) => this.options.onUnknownError(path, error);
    try {
      const caller = await identify(this.options.callers, metadata);
      mustBeAllowed(caller, path);
      this.#callers.set(metadata, withNamed(caller, metadata));
    } catch (error) {
      call.sendStatus(toStatus(error, onUnknown));
      return;
    }
    next(metadata);
  }
}
