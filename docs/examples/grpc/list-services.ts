// What the ledger can do, as it says itself: `node list-services.ts` prints every method, and needs no .proto of the ledger's.
import type { ServiceError } from '@grpc/grpc-js';
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type MessageTypeDefinition,
  type MethodDefinition,
} from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import { client, describe, metadata } from './connect.ts';

interface Files {
  file: Buffer[];
}
interface Answer {
  list_services_response?: { service: { name: string }[] };
  file_descriptor_response?: Files;
}

const own = loadSync(fileURLToPath(new URL('reflection.proto', import.meta.url)), { keepCase: true, defaults: true });
const reflection = own['grpc.reflection.v1.ServerReflection'] as unknown as {
  ServerReflectionInfo: MethodDefinition<object, Answer>;
};
const files = own['grpc.reflection.v1.Files'] as unknown as MessageTypeDefinition<Files, Files>;

const { path, requestSerialize, responseDeserialize } = reflection.ServerReflectionInfo;
const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
stream.on('error', () => undefined);
const answers = stream[Symbol.asyncIterator]() as AsyncIterator<Answer, undefined>;
const ask = async (question: object): Promise<Answer> => {
  stream.write(question);
  return (await answers.next()).value ?? {};
};

try {
  const { list_services_response: listed } = await ask({ list_services: '*' });
  for (const { name } of listed?.service ?? []) {
    const { file_descriptor_response: described } = await ask({ file_containing_symbol: name });
    const contract = loadFileDescriptorSetFromBuffer(files.serialize({ file: described?.file ?? [] }));
    for (const method of Object.keys(contract[name] ?? {})) console.log(`${name}/${method}`);
  }
} catch (error) {
  console.error(describe(error as ServiceError));
  process.exitCode = 1;
} finally {
  stream.end();
  client.close();
}
