// What the ledger can do, in the words of its contract, for tools such as grpcurl: grpc.reflection.v1 and v1alpha.
// Indexing the contract takes a third of a second, so it is done when somebody asks, and not at every start.
import type { MethodDefinition, Server, ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { invalidRequest } from '@turnpike/errors';
import { FILE_DESCRIPTOR_SET } from '@turnpike/rpc';
import { toStatus, type OnUnknownError } from './status.js';

type Bytes = ServerDuplexStream<Buffer, Buffer>;

/** What the library reads from and writes to. */
interface MessageStream {
  on(event: 'data' | 'end', listener: (message?: unknown) => void): void;
  write(message: unknown): void;
  end(): void;
}

interface Reflector {
  method: MethodDefinition<unknown, unknown>;
  reflect: (stream: MessageStream) => void;
}

const METHOD = 'ServerReflectionInfo';

const pathOfVersion = (version: string): string => `/grpc.reflection.${version}.ServerReflection/${METHOD}`;

/** By path. The library adds itself to a server; this stands in for one. */
const loadReflectors = async (): Promise<ReadonlyMap<string, Reflector>> => {
  const [{ loadFileDescriptorSetFromBuffer }, { ReflectionService }] = await Promise.all([
    import('@grpc/proto-loader'),
    import('@grpc/reflection'),
  ]);
  const reflectors = new Map<string, Reflector>();
  const server = {
    addService: (
      definition: Record<string, MethodDefinition<unknown, unknown>>,
      implementation: UntypedServiceImplementation,
    ) => {
      const method = definition[METHOD]!;
      reflectors.set(method.path, { method, reflect: implementation[METHOD] as unknown as Reflector['reflect'] });
    },
  };
  const contract = loadFileDescriptorSetFromBuffer(Buffer.from(FILE_DESCRIPTOR_SET, 'base64'));
  new ReflectionService(contract).addToServer(server);
  return reflectors;
};

/** Between bytes and the library's messages. What cannot be read ends the call, and not the process. */
const connect = (call: Bytes, { method, reflect }: Reflector, fail: (error: unknown) => void): void => {
  reflect({
    on: (event, listener) =>
      void call.on(event, (bytes?: Buffer) => {
        try {
          listener(bytes && method.requestDeserialize(bytes));
        } catch {
          fail(invalidRequest('The message cannot be read.'));
        }
      }),
    write: (message) => void call.write(method.responseSerialize(message)),
    end: () => void call.end(),
  });
};

const asIs = (bytes: Buffer): Buffer => bytes;

export const addReflection = (server: Server, onUnknownError: OnUnknownError): void => {
  let reflectors: ReturnType<typeof loadReflectors> | undefined;
  for (const path of ['v1', 'v1alpha'].map(pathOfVersion)) {
    const answer = async (call: Bytes): Promise<void> => {
      const fail = (error: unknown): void => void call.emit('error', toStatus(error, onUnknownError));
      try {
        reflectors ??= loadReflectors();
        connect(call, (await reflectors).get(path)!, fail);
      } catch (error) {
        fail(error);
      }
    };
    server.register(path, (call: Bytes) => void answer(call), asIs, asIs, 'bidi');
  }
};
