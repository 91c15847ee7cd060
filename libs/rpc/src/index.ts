// The ledger's contract, generated from proto/: messages, and services as data. Around it: what makes grpc-js definitions
// of the services, the form of errors on the wire, and a client.
export {
  connectLedger,
  type CallOptions,
  type ConnectOptions,
  type LedgerClient,
  type LedgerServices,
  type ServiceClient,
  type TlsOptions,
} from './client.js';
export {
  errorMetadata,
  errorStatus,
  LedgerError,
  type ErrorDetails,
  type ErrorStatus,
  type StatusName,
} from './error.js';
export {
  encodeWith,
  MAX_MESSAGE_BYTES,
  pathOf,
  toGrpcService,
  type MessageOf,
  type MethodContract,
  type PartialOf,
  type ServiceContract,
} from './service.js';
export { settleRequestBytes, type ByteRanges } from './settle-request.js';
export { FILE_DESCRIPTOR_SET } from './generated/descriptors.js';
export * from './generated/turnpike/ledger/v1/access_groups.js';
export * from './generated/turnpike/ledger/v1/audit.js';
export * from './generated/turnpike/ledger/v1/budgets.js';
export * from './generated/turnpike/ledger/v1/common.js';
export * from './generated/turnpike/ledger/v1/credentials.js';
export * from './generated/turnpike/ledger/v1/customers.js';
export * from './generated/turnpike/ledger/v1/gateway.js';
export * from './generated/turnpike/ledger/v1/import.js';
export * from './generated/turnpike/ledger/v1/keys.js';
export * from './generated/turnpike/ledger/v1/models.js';
export * from './generated/turnpike/ledger/v1/organizations.js';
export * from './generated/turnpike/ledger/v1/settings.js';
export * from './generated/turnpike/ledger/v1/spend.js';
export * from './generated/turnpike/ledger/v1/tags.js';
export * from './generated/turnpike/ledger/v1/teams.js';
export * from './generated/turnpike/ledger/v1/users.js';
