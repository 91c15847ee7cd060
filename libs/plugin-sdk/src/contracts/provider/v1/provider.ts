import type {
  ChatChunk,
  ChatRequest,
  ChatResponse,
  CompletionChunk,
  CompletionRequest,
  CompletionResponse,
  EmbeddingRequest,
  EmbeddingResponse,
} from '@turnpike/domain';
import type { Operation } from './operation.js';

export type ChatV1 = Operation<ChatRequest, ChatResponse, ChatChunk>;
export type CompletionsV1 = Operation<CompletionRequest, CompletionResponse, CompletionChunk>;
export type EmbeddingsV1 = Operation<EmbeddingRequest, EmbeddingResponse>;

/** Asks the upstream which models the credentials may use; also how credentials are checked. */
export interface ModelListV1 {
  /** @throws our errors, `GW_UPSTREAM_AUTHENTICATION` when the credentials are refused */
  list(signal: AbortSignal): Promise<readonly string[]>;
}

/**
 * A provider instance is one connection: credentials, base URL, options. Deployments with the same settings share it.
 * An operation the upstream lacks is absent; the gateway may offer it by another one (completions over chat).
 */
export interface ProviderV1 {
  chat?: ChatV1;
  completions?: CompletionsV1;
  embeddings?: EmbeddingsV1;
  models?: ModelListV1;
}
