// What the road must know of a client's dialect for one kind of call. One of these per route.
import type { Dialect, JsonObject, JsonValue, Usage } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import type { BodyEdits } from '@turnpike/plugin-sdk';
import type { StreamEncoder, StreamTap, TellCost } from '@turnpike/wire';
import type { ListForm } from '../cache/list-parts.js';

/** Kinds of call on the data plane. */
export type OperationName = 'chat' | 'completions' | 'embeddings';

/** Request, answer and chunk are the domain types of the operation; the road does not look inside. */
export interface Front {
  readonly dialect: Dialect;
  readonly operation: OperationName;
  /** Route name in metrics and logs: `/v1/chat/completions`. */
  readonly route: string;

  /** @throws GW_INVALID_REQUEST */
  toDomain(body: JsonObject): unknown;
  /** Its answers hold something that can be read. */
  readonly answersInWords: boolean;
  /** The fields of a body that hold what a domain request says. */
  textFields(request: unknown): JsonObject;
  /** A whole answer in this dialect → the domain's. @throws GW_UPSTREAM_INVALID_RESPONSE */
  readAnswer(body: JsonValue): unknown;
  /** The answer that a stream's chunks tell. @throws TypeError when they tell none */
  join(chunks: readonly unknown[]): unknown;
  /** Domain answer → the client's dialect. */
  fromDomain(response: unknown, body: Readonly<JsonObject>): JsonObject;
  /**
   * Answers to this body are not what its client reads, although the upstream speaks this dialect.
   * @param isKept whether a field of the body goes upstream as the client sent it
   */
  needsTranslation?(body: Readonly<JsonObject>, isKept: (field: string) => boolean): boolean;
  /** A whole domain answer as chunks, for streams whose upstream did not stream. */
  toChunks(response: unknown): Iterable<unknown>;
  /** @param body of the request that the stream answers; an error alone needs none */
  encoder(includeUsage: boolean, body?: Readonly<JsonObject>, tellCost?: TellCost): StreamEncoder<never>;
  tap(withholdUsage: boolean, tellCost?: TellCost): StreamTap;

  /** Usage of a whole answer in this dialect. */
  usageOf(body: JsonValue): Usage | undefined;
  usageOfDomain(response: unknown): Usage | undefined;
  /** What a request has used, of a body or a domain request; undefined where that cannot be told from it. */
  estimateUsage?(request: Readonly<JsonObject>): Usage | undefined;
  /** Answers are lists with an entry for each of the request's, which may be kept one by one; absent: they are one thing. */
  readonly list?: ListForm;
  /** Fields of a request that asks to go on with an answer that broke off; undefined: this kind cannot. */
  goOnWith?(body: Readonly<JsonObject>, answerSoFar: string): JsonObject;
  /** The client asked for the usage chunk. */
  wantsUsage(body: Readonly<JsonObject>): boolean;
  /** Edits that make an upstream of this dialect send the usage chunk. */
  askForUsage(body: Readonly<JsonObject>): BodyEdits | undefined;
  /** An error object inside a 200. */
  errorOf(body: JsonValue): JsonValue | undefined;
  errorBody(error: GatewayError, message: string): string;
}
