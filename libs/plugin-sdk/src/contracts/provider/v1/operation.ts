import type { Dialect, JsonObject, JsonValue, Usage } from '@turnpike/domain';
import type { GatewayError, UpstreamFailure } from '@turnpike/errors';
import type { Emit, StreamDecoder } from '@turnpike/wire';
import type { Call } from './call.js';

/** Where a call goes. The body is added by the gateway. */
export interface UpstreamEndpoint {
  /** Absolute, query included. */
  url: string;
  /** Lower-case names. `content-type: application/json` is the default. */
  headers: Record<string, string>;
}

export interface UpstreamRequest extends UpstreamEndpoint {
  body: Uint8Array;
}

/** Changes to the top level of a body that otherwise stays byte for byte as the client sent it. */
export interface BodyEdits {
  set?: JsonObject;
  remove?: readonly string[];
}

/**
 * One thing a provider can do over HTTP: pure translations. The gateway does the call itself, so that timeouts,
 * aborts, pooling, metrics and redaction exist once.
 */
export interface HttpOperation<Request, Response, Chunk> {
  readonly kind: 'http';

  /**
   * The wire format the upstream speaks, where it is one of the shared ones. A client of the same dialect then takes
   * the byte path: its own bytes go upstream with only `adapt`'s edits, and the answer's bytes come back untouched.
   */
  readonly dialect?: Dialect;
  /** The upstream's answers need mending: they are translated even for a client of the same dialect. */
  readonly translatesAnswers?: boolean;

  /** Called after `toBody` and `adapt`, with the same `call`. Return the same `headers` object where nothing changed. */
  endpoint(call: Call): UpstreamEndpoint;
  /**
   * Last look at the finished request: request signing, tokens that must be fetched. Absent for plain API keys, so
   * that their calls wait for nothing.
   */
  authorize?(request: UpstreamRequest, call: Call, signal: AbortSignal): UpstreamRequest | Promise<UpstreamRequest>;

  /** Canonical request → upstream body. @throws GW_UNSUPPORTED_PARAMETER, GW_INVALID_REQUEST */
  toBody(request: Request, call: Call): JsonObject;
  /**
   * What this upstream needs changed in a body of its own dialect: renamed, dropped or rewritten top-level fields.
   * `model`, configured defaults and the gateway's own fields are dealt with already. Absent: nothing.
   * The result of `toBody` passes through here too, so a quirk is written once.
   */
  adapt?(body: Readonly<JsonObject>, call: Call): BodyEdits | undefined;

  /** Upstream body → canonical answer. @throws GW_UPSTREAM_INVALID_RESPONSE */
  fromBody(body: JsonValue, call: Call): Response;
  /** A decoder for one stream. Absent: the operation does not stream. */
  decoder?(call: Call, emit: Emit<Chunk>): StreamDecoder;
  /** Usage of a whole answer that took the byte path. Absent: read by the dialect's own rule. */
  usage?(body: JsonValue): Usage | undefined;

  /** A failed answer (status ≥ 400, or an error inside a 200) → our error. */
  toError(failure: UpstreamFailure, call: Call): GatewayError;
}

/** One thing a provider does by itself, without an HTTP call of the gateway's (a mock, a model in the process). */
export interface LocalOperation<Request, Response, Chunk> {
  readonly kind: 'local';
  respond(request: Request, call: Call, signal: AbortSignal): Response | Promise<Response>;
  /** Absent: the operation does not stream. */
  stream?(request: Request, call: Call, signal: AbortSignal): AsyncIterable<Chunk>;
}

export type Operation<Request, Response, Chunk = never> =
  HttpOperation<Request, Response, Chunk> | LocalOperation<Request, Response, Chunk>;
