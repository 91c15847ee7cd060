// Chat and embeddings over the Gemini API.
import {
  fromGeminiEmbeddings,
  fromGeminiError,
  fromGeminiResponse,
  geminiStreamDecoder,
  readGeminiUsage,
  toGeminiEmbeddings,
  toGeminiRequest,
  type BodyEdits,
  type Call,
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type Clock,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type GatewayError,
  type HttpOperation,
  type JsonObject,
  type JsonValue,
  type UpstreamFailure,
} from '@turnpike/plugin-sdk';
import { methodUrl } from './endpoint.js';

export interface GeminiHost {
  /** Version included, no slash at the end. */
  base: string;
  headers: Record<string, string>;
  /** For requests that bring none. */
  safetySettings?: JsonValue[];
  clock: Clock;
}

export const geminiChat = (host: GeminiHost): HttpOperation<ChatRequest, ChatResponse, ChatChunk> => ({
  kind: 'http',
  dialect: 'gemini',
  endpoint: ({ model, stream }) => ({
    // Without `alt=sse` the stream is one long JSON array.
    url: methodUrl(host.base, model, stream ? 'streamGenerateContent?alt=sse' : 'generateContent'),
    headers: host.headers,
  }),
  toBody: (request, call) => toGeminiRequest(request, baseModel(call), call.policy),
  ...(host.safetySettings && { adapt: withSafety(host.safetySettings) }),
  fromBody: fromGeminiResponse,
  decoder: (_call, emit) => geminiStreamDecoder(emit),
  usage: readGeminiUsage,
  toError: errorsOf(host),
});

export const geminiEmbeddings = (host: GeminiHost): HttpOperation<EmbeddingRequest, EmbeddingResponse, never> => ({
  kind: 'http',
  endpoint: ({ model }) => ({ url: methodUrl(host.base, model, 'batchEmbedContents'), headers: host.headers }),
  toBody: (request, { model }) => toGeminiEmbeddings(request, model),
  fromBody: (body, { model }) => fromGeminiEmbeddings(body, model),
  toError: errorsOf(host),
});

const errorsOf =
  ({ clock }: GeminiHost) =>
  (failure: UpstreamFailure, call: Call): GatewayError =>
    fromGeminiError(failure, call.policy.provider, clock.now());

/** A tuned model's name says nothing of what it can do; its base model's does. */
const baseModel = ({ model, info }: Call): string =>
  typeof info['base_model'] === 'string' ? info['base_model'] : model;

const withSafety =
  (safetySettings: JsonValue[]) =>
  (body: Readonly<JsonObject>): BodyEdits | undefined =>
    (body['safetySettings'] ?? body['safety_settings']) === undefined ? { set: { safetySettings } } : undefined;
