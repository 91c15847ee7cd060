// What the generator says of a service, and how grpc-js wants it said.
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** Neither side takes or sends a message that is larger. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A generated message: `Message` is complete, `Partial` is what may be filled in of it. */
export interface MessageContract<Message, Partial> {
  encode(message: Message): BinaryWriter;
  decode(bytes: Uint8Array): Message;
  fromPartial(partial: Partial): Message;
}

/** Messages differ in every method; what they are is asked with MessageOf and PartialOf. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyMessage = MessageContract<any, any>;

export interface MethodContract {
  /** As on the wire: "GetKey". */
  readonly name: string;
  readonly requestType: AnyMessage;
  readonly requestStream: boolean;
  readonly responseType: AnyMessage;
  readonly responseStream: boolean;
}

/** A generated `…ServiceDefinition`. */
export interface ServiceContract {
  /** "turnpike.ledger.v1.KeyService" */
  readonly fullName: string;
  /** By the names that code has for them: `getKey`. */
  readonly methods: Readonly<Record<string, MethodContract>>;
}

export type MessageOf<Type> = Type extends { decode(bytes: Uint8Array): infer Message } ? Message : never;
export type PartialOf<Type> = Type extends { fromPartial(partial: infer Partial): unknown } ? Partial : never;

/** "/turnpike.ledger.v1.KeyService/GetKey" */
export const pathOf = (service: ServiceContract, method: MethodContract): string =>
  `/${service.fullName}/${method.name}`;

/** A writer's bytes are new, and nobody else's: they need no copy. */
export const encodeWith =
  (type: AnyMessage) =>
  (message: unknown): Buffer => {
    const bytes = type.encode(message).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };

export const decodeWith =
  (type: AnyMessage) =>
  (bytes: Buffer): unknown =>
    type.decode(bytes);

const toGrpcMethod = (service: ServiceContract, method: MethodContract): MethodDefinition<unknown, unknown> => ({
  path: pathOf(service, method),
  requestStream: method.requestStream,
  responseStream: method.responseStream,
  requestSerialize: encodeWith(method.requestType),
  requestDeserialize: decodeWith(method.requestType),
  responseSerialize: encodeWith(method.responseType),
  responseDeserialize: decodeWith(method.responseType),
});

/** For `Server.addService`. */
export const toGrpcService = (service: ServiceContract): ServiceDefinition =>
  Object.fromEntries(Object.entries(service.methods).map(([name, method]) => [name, toGrpcMethod(service, method)]));
