// Operations of a host that speaks OpenAI's format: the plugin says where, with which key, and what is odd about it.
import {
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type CompletionChunk,
  type CompletionRequest,
  type CompletionResponse,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type JsonObject,
} from '@turnpike/domain';
import { upstreamError, type GatewayError, type UpstreamFailure } from '@turnpike/errors';
import {
  fromOpenAiCompletionResponse,
  fromOpenAiEmbeddingResponse,
  fromOpenAiResponse,
  openAiCompletionStreamDecoder,
  openAiStreamDecoder,
  toOpenAiCompletionRequest,
  toOpenAiEmbeddingRequest,
  toOpenAiRequest,
} from '@turnpike/wire';
import type { BodyEdits, Call, HttpOperation, UpstreamEndpoint } from './contracts/index.js';

export interface OpenAiHost {
  /** `path` is the operation's: `chat/completions`, `completions`, `embeddings`. */
  endpoint(path: string, call: Call): UpstreamEndpoint;
  /** Quirks, per operation path. See HttpOperation.adapt. */
  adapt?(path: string, body: Readonly<JsonObject>, call: Call): BodyEdits | undefined;
  /** See HttpOperation.translatesAnswers; for chat. */
  translatesAnswers?: boolean;
  toError?(failure: UpstreamFailure, call: Call): GatewayError;
}

/** Operators write a base with or without a slash or an operation's path at its end; here without. */
export const openAiBase = (base: string): string =>
  base.replace(/\/+$/, '').replace(/\/(?:chat\/completions|completions|embeddings)$/, '');

const shared = (host: OpenAiHost, path: string) => ({
  kind: 'http' as const,
  dialect: 'openai' as const,
  endpoint: (call: Call) => host.endpoint(path, call),
  ...(host.adapt && { adapt: (body: Readonly<JsonObject>, call: Call) => host.adapt?.(path, body, call) }),
  toError: (failure: UpstreamFailure, call: Call) =>
    host.toError ? host.toError(failure, call) : upstreamError(failure, call.policy.provider),
});

export const openAiChat = (host: OpenAiHost): HttpOperation<ChatRequest, ChatResponse, ChatChunk> => ({
  ...shared(host, 'chat/completions'),
  ...(host.translatesAnswers && { translatesAnswers: true }),
  toBody: (request, call) => toOpenAiRequest(request, call.model, call.policy),
  fromBody: fromOpenAiResponse,
  decoder: (_call, emit) => openAiStreamDecoder(emit),
});

export const openAiCompletions = (
  host: OpenAiHost,
): HttpOperation<CompletionRequest, CompletionResponse, CompletionChunk> => ({
  ...shared(host, 'completions'),
  toBody: (request, call) => toOpenAiCompletionRequest(request, call.model),
  fromBody: fromOpenAiCompletionResponse,
  decoder: (_call, emit) => openAiCompletionStreamDecoder(emit),
});

export const openAiEmbeddings = (host: OpenAiHost): HttpOperation<EmbeddingRequest, EmbeddingResponse, never> => ({
  ...shared(host, 'embeddings'),
  toBody: (request, call) => toOpenAiEmbeddingRequest(request, call.model),
  fromBody: fromOpenAiEmbeddingResponse,
});
