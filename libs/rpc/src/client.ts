// A client of a ledger: one connection, and for each service an object of methods.
import { Client, credentials, Metadata, type CallOptions as GrpcCallOptions, type ClientOptions } from '@grpc/grpc-js';
import { Asks, type Answer } from './asks.js';
import { toLedgerError } from './error.js';
import { AccessGroupServiceDefinition } from './generated/turnpike/ledger/v1/access_groups.js';
import { AuditServiceDefinition } from './generated/turnpike/ledger/v1/audit.js';
import { BudgetServiceDefinition } from './generated/turnpike/ledger/v1/budgets.js';
import { CredentialServiceDefinition } from './generated/turnpike/ledger/v1/credentials.js';
import { CustomerServiceDefinition } from './generated/turnpike/ledger/v1/customers.js';
import { GatewayServiceDefinition } from './generated/turnpike/ledger/v1/gateway.js';
import { ImportServiceDefinition } from './generated/turnpike/ledger/v1/import.js';
import { KeyServiceDefinition } from './generated/turnpike/ledger/v1/keys.js';
import { ModelServiceDefinition } from './generated/turnpike/ledger/v1/models.js';
import { OrganizationServiceDefinition } from './generated/turnpike/ledger/v1/organizations.js';
import { SettingServiceDefinition } from './generated/turnpike/ledger/v1/settings.js';
import { SpendServiceDefinition } from './generated/turnpike/ledger/v1/spend.js';
import { TagServiceDefinition } from './generated/turnpike/ledger/v1/tags.js';
import { TeamServiceDefinition } from './generated/turnpike/ledger/v1/teams.js';
import { UserServiceDefinition } from './generated/turnpike/ledger/v1/users.js';
import {
  decodeWith,
  encodeWith,
  MAX_MESSAGE_BYTES,
  pathOf,
  type MessageOf,
  type MethodContract,
  type PartialOf,
  type ServiceContract,
} from './service.js';

/** Files' contents, PEM. */
export interface TlsOptions {
  /** Whose certificates are believed; absent: those that this machine believes. */
  ca?: Buffer;
  /** Ours, where the ledger asks for one. */
  certificate?: Buffer;
  key?: Buffer;
  /** The name in the ledger's certificate, where it is not the address. */
  serverName?: string;
}

export interface ConnectOptions {
  /** "unix:/path", "host:port". */
  address: string;
  /** A gateway token or an admin key. */
  token: string;
  /** Absent: in clear, which a unix socket or the same machine is good enough for. */
  tls?: TlsOptions;
  /** For answers that are not streams: 5,000 by default. */
  deadlineMs?: number;
  /** How often a connection with calls on it is asked whether it is still there: every 20,000 by default. */
  keepaliveMs?: number;
}

export interface CallOptions {
  /** For this call. A stream has none unless it is given here. */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** The request as its bytes; the one that is given as a message is not looked at then. Not for streams. */
  encoded?: Buffer;
  /** Further metadata, such as {'x-turnpike-caller': hash}. ASCII. */
  metadata?: Readonly<Record<string, string>>;
}

type Call<Method extends MethodContract> = Method['requestStream'] extends true
  ? (
      request: Omit<PartialOf<Method['requestType']>, 'ask'>,
      options?: Pick<CallOptions, 'deadlineMs'>,
    ) => Promise<MessageOf<Method['responseType']>>
  : (
      request: PartialOf<Method['requestType']>,
      options?: CallOptions,
    ) => Method['responseStream'] extends true
      ? AsyncIterable<MessageOf<Method['responseType']>>
      : Promise<MessageOf<Method['responseType']>>;

/**
 * Its methods throw LedgerError. A stream of answers is opened when it is first read, and closed when the loop over it
 * ends, for whatever reason; once it broke, it is over: opening another one is the caller's. A stream of asks is kept for
 * all of them, and opened anew when it broke: its methods are called as others are, and answered by a promise each.
 */
export type ServiceClient<Service extends ServiceContract> = {
  readonly [Name in keyof Service['methods']]: Call<Service['methods'][Name]>;
};

const SERVICES = {
  gateway: GatewayServiceDefinition,
  keys: KeyServiceDefinition,
  teams: TeamServiceDefinition,
  users: UserServiceDefinition,
  organizations: OrganizationServiceDefinition,
  customers: CustomerServiceDefinition,
  budgets: BudgetServiceDefinition,
  tags: TagServiceDefinition,
  accessGroups: AccessGroupServiceDefinition,
  models: ModelServiceDefinition,
  credentials: CredentialServiceDefinition,
  settings: SettingServiceDefinition,
  spend: SpendServiceDefinition,
  audit: AuditServiceDefinition,
  imports: ImportServiceDefinition,
} as const;

export type LedgerServices = { readonly [Name in keyof typeof SERVICES]: ServiceClient<(typeof SERVICES)[Name]> };

export interface LedgerClient extends LedgerServices {
  /** Calls that wait for an answer are cancelled. The client is of no use afterwards. */
  close(): void;
}

const DEFAULT_DEADLINE_MS = 5_000;
const DEFAULT_KEEPALIVE_MS = 20_000;

const channelOptions = ({ tls, keepaliveMs = DEFAULT_KEEPALIVE_MS }: ConnectOptions): ClientOptions => ({
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': keepaliveMs,
  'grpc.keepalive_timeout_ms': Math.min(5_000, keepaliveMs),
  // A ledger that was away is found again soon: the library's own bound is two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // A proxy for providers is none for the ledger, and there is nothing about it in TXT records.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
});

const metadataOf = (token: string, further: Readonly<Record<string, string>> = {}): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(further)) metadata.set(name, value);
  return metadata;
};

const deadlineIn = (deadlineMs: number | undefined): GrpcCallOptions =>
  deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };

/** Cancels `call` when `signal` says so, until the function it returns is called. */
const cancelOn = (signal: AbortSignal | undefined, call: { cancel(): void }): (() => void) => {
  const cancel = (): void => call.cancel();
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  return () => signal?.removeEventListener('abort', cancel);
};

type UntypedCall = (request: unknown, options?: CallOptions) => unknown;

class Connection {
  readonly #client: Client;
  readonly #asks: Asks[] = [];

  constructor(readonly options: ConnectOptions) {
    const { address, tls } = options;
    const channel = tls ? credentials.createSsl(tls.ca, tls.key, tls.certificate) : credentials.createInsecure();
    this.#client = new Client(address, channel, channelOptions(options));
  }

  service(contract: ServiceContract): Record<string, UntypedCall> {
    return Object.fromEntries(
      Object.entries(contract.methods).map(([name, method]) => [name, this.#callOf(contract, method)]),
    );
  }

  close(): void {
    for (const asks of this.#asks) asks.close();
    this.#client.close();
  }

  #callOf(contract: ServiceContract, method: MethodContract): UntypedCall {
    if (method.requestStream) return this.#asked(contract, method);
    return method.responseStream ? this.#streamed(contract, method) : this.#unary(contract, method);
  }

  #asked(contract: ServiceContract, method: MethodContract): UntypedCall {
    const path = pathOf(contract, method);
    const { requestType } = method;
    const [encode, decode] = [encodeWith(requestType), decodeWith(method.responseType) as (bytes: Buffer) => Answer];
    const open = () => this.#client.makeBidiStreamRequest(path, encode, decode, metadataOf(this.options.token));
    const asks = new Asks(open);
    this.#asks.push(asks);
    return (request, { deadlineMs = this.options.deadlineMs ?? DEFAULT_DEADLINE_MS } = {}) =>
      asks.ask(requestType.fromPartial(request) as object, deadlineMs);
  }

  #unary(contract: ServiceContract, method: MethodContract): UntypedCall {
    const path = pathOf(contract, method);
    const encode = encodeWith(method.requestType);
    const decode = decodeWith(method.responseType);
    const asItIs = (message: unknown): Buffer => message as Buffer;
    return (request, { deadlineMs = this.options.deadlineMs ?? DEFAULT_DEADLINE_MS, signal, encoded, metadata } = {}) =>
      new Promise((resolve, reject) => {
        try {
          const call = this.#client.makeUnaryRequest(
            path,
            encoded ? asItIs : encode,
            decode,
            encoded ?? method.requestType.fromPartial(request),
            metadataOf(this.options.token, metadata),
            deadlineIn(deadlineMs),
            (error, response) => {
              forget();
              if (error) reject(toLedgerError(error, signal));
              else resolve(response);
            },
          );
          const forget = cancelOn(signal, call);
        } catch (error) {
          reject(toLedgerError(error, signal));
        }
      });
  }

  #streamed(contract: ServiceContract, method: MethodContract): UntypedCall {
    const path = pathOf(contract, method);
    const encode = encodeWith(method.requestType);
    const decode = decodeWith(method.responseType);
    const open = (request: unknown, { deadlineMs, metadata }: CallOptions) =>
      this.#client.makeServerStreamRequest(
        path,
        encode,
        decode,
        method.requestType.fromPartial(request),
        metadataOf(this.options.token, metadata),
        deadlineIn(deadlineMs),
      );
    return async function* (request, options = {}) {
      try {
        const call = open(request, options);
        // After the loop has ended nobody else listens, and an error that nobody listens to ends the process.
        call.on('error', () => {});
        const forget = cancelOn(options.signal, call);
        try {
          for await (const message of call) yield message as unknown;
        } finally {
          forget();
          call.cancel();
        }
      } catch (error) {
        throw toLedgerError(error, options.signal);
      }
    };
  }
}

/** Does not connect yet: the first call does, and every call after a break. */
export const connectLedger = (options: ConnectOptions): LedgerClient => {
  const connection = new Connection(options);
  const services = Object.fromEntries(
    Object.entries(SERVICES).map(([name, contract]) => [name, connection.service(contract)]),
  ) as unknown as LedgerServices;
  return { ...services, close: () => connection.close() };
};
