// How an admin client reaches the ledger: address, certificates, key, and errors with what stands in them.
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type MethodDefinition } from '@grpc/proto-loader';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { env } = process;
const PROTO = fileURLToPath(new URL('../../../proto', import.meta.url));
const DEADLINE_MS = 5_000;

/** Names as in the .proto files; int64 as numbers, which money fits: 2^53 nano-dollars are nine million dollars. */
const definitions = loadSync(
  ['keys', 'spend', 'teams', 'budgets']
    .map((noun) => `turnpike/ledger/v1/${noun}.proto`)
    .concat('google/rpc/status.proto', 'google/rpc/error_details.proto'),
  { includeDirs: [PROTO], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true },
);

const file = (path: string | undefined): Buffer | null => (path ? readFileSync(path) : null);

/** Without a certificate authority in clear: on this machine only. With a certificate of our own: mutual TLS. */
const channel = env['LEDGER_CA']
  ? credentials.createSsl(file(env['LEDGER_CA']), file(env['LEDGER_KEY']), file(env['LEDGER_CERT']))
  : credentials.createInsecure();

export const client = new Client(env['TURNPIKE_GRPC_ADDRESS'] ?? '127.0.0.1:50051', channel);

/** The master key, or the key of a proxy admin. */
export const metadata = new Metadata();
metadata.set('authorization', `Bearer ${env['LITELLM_MASTER_KEY'] ?? ''}`);

/** `call('KeyService', 'GetKey', { key: 'sk-…' })` */
export const call = <Answer>(service: string, method: string, request: object): Promise<Answer> => {
  const found = definitions[`turnpike.ledger.v1.${service}`] as
    Record<string, MethodDefinition<object, object>> | undefined;
  const definition = found?.[method];
  if (!definition) throw new Error(`There is no ${service}.${method}.`);
  const { path, requestSerialize, responseDeserialize } = definition;
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + DEADLINE_MS },
      (error, answer) => (error ? reject(error) : resolve(answer as Answer)),
    ),
  );
};

const messages = definitions as unknown as {
  'google.rpc.Status': MessageTypeDefinition<object, { details: { type_url: string; value: Buffer }[] }>;
  'google.rpc.ErrorInfo': MessageTypeDefinition<object, { reason: string; metadata: Record<string, string> }>;
};

/** Beside the status: a stable code, the field at fault, what it is over HTTP, and when to try again. */
export const describe = (error: ServiceError): string => {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const said = `${status[error.code]}: ${error.details}`;
  if (!Buffer.isBuffer(bytes)) return said;
  const { details } = messages['google.rpc.Status'].deserialize(bytes);
  const packed = details.find(({ type_url: url }) => url.endsWith('/google.rpc.ErrorInfo'));
  if (!packed) return said;
  const { reason, metadata: facts } = messages['google.rpc.ErrorInfo'].deserialize(packed.value);
  return `${said} (${[reason, ...Object.entries(facts).map(([name, fact]) => `${name} ${fact}`)].join(', ')})`;
};
