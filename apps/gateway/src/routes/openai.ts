// OpenAI's dialect in front: chat, completions and embeddings, on the Fastify instance itself.
import {
  isJsonObject,
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type CompletionChunk,
  type CompletionRequest,
  type CompletionResponse,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type JsonObject,
  type JsonValue,
} from '@turnpike/domain';
import {
  asksInFunctions,
  fromOpenAiCompletionRequest,
  fromOpenAiCompletionResponse,
  fromOpenAiEmbeddingRequest,
  fromOpenAiEmbeddingResponse,
  fromOpenAiRequest,
  fromOpenAiResponse,
  fromOpenAiUsage,
  joinChunks,
  joinCompletionChunks,
  openAiCompletionStreamEncoder,
  openAiStreamEncoder,
  OpenAiStreamTap,
  toChunks,
  toOpenAiCompletionResponse,
  toOpenAiEmbeddingResponse,
  toOpenAiErrorBody,
  toOpenAiRequest,
  toOpenAiResponse,
  type TellCost,
} from '@turnpike/wire';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Runtime } from '../runtime/runtime.js';
import { estimateEmbeddingUsage } from '../upstream/estimate-usage.js';
import { embeddingList } from './embedding-list.js';
import type { Front } from './front.js';

const askForUsage = (body: Readonly<JsonObject>): { set: JsonObject } => ({
  set: {
    stream_options: { ...(isJsonObject(body['stream_options']) ? body['stream_options'] : {}), include_usage: true },
  },
});

const wantsUsage = (body: Readonly<JsonObject>): boolean =>
  isJsonObject(body['stream_options']) && body['stream_options']['include_usage'] === true;

/** Models that take a last message of the assistant as a beginning are few; a request in words is understood by all. */
const GO_ON =
  'Your answer was cut off. Continue it exactly where it stopped, with the very next character, and repeat nothing.';

const shared = {
  dialect: 'openai',
  usageOf: (body: JsonValue) => (isJsonObject(body) ? fromOpenAiUsage(body['usage']) : undefined),
  usageOfDomain: (response: unknown) => (response as ChatResponse).usage,
  wantsUsage,
  askForUsage,
  errorOf: (body: JsonValue) => (isJsonObject(body) ? (body['error'] ?? undefined) : undefined),
  errorBody: toOpenAiErrorBody,
  tap: (withholdUsage: boolean, tellCost?: TellCost) => new OpenAiStreamTap({ withholdUsage, tellCost }),
} as const;

/** Tools of another dialect, which this one could not write, say nothing here. */
const messagesOf = ({ tools: _tools, ...request }: ChatRequest): JsonValue => {
  const policy = { provider: '', drop: true, allowed: NONE, dropped: [] };
  return toOpenAiRequest(request, request.model, policy)['messages'] ?? [];
};

const NONE: ReadonlySet<string> = new Set();

export const chatFront: Front = {
  ...shared,
  operation: 'chat',
  route: '/v1/chat/completions',
  toDomain: fromOpenAiRequest,
  readAnswer: fromOpenAiResponse,
  join: (chunks) => joinChunks(chunks as readonly ChatChunk[]),
  answersInWords: true,
  textFields: (request) => ({ messages: messagesOf(request as ChatRequest) }),
  fromDomain: (response, body) => toOpenAiResponse(response as ChatResponse, { inFunctions: asksInFunctions(body) }),
  // Where a provider made tools of the functions, the answer calls a tool.
  needsTranslation: (body, isKept) => asksInFunctions(body) && !isKept('functions'),
  toChunks: (response) => toChunks(response as ChatResponse),
  goOnWith: ({ messages }, answerSoFar) => ({
    messages: [
      ...(Array.isArray(messages) ? messages : []),
      { role: 'assistant', content: answerSoFar },
      { role: 'user', content: GO_ON },
    ],
  }),
  encoder: (includeUsage, body = {}, tellCost) =>
    openAiStreamEncoder({ includeUsage, inFunctions: asksInFunctions(body), tellCost }),
};

const completions: Front = {
  ...shared,
  operation: 'completions',
  route: '/v1/completions',
  toDomain: fromOpenAiCompletionRequest,
  readAnswer: fromOpenAiCompletionResponse,
  join: (chunks) => joinCompletionChunks(chunks as readonly CompletionChunk[]),
  answersInWords: true,
  textFields: (request) => ({ prompt: (request as CompletionRequest).prompt }),
  fromDomain: (response) => toOpenAiCompletionResponse(response as CompletionResponse),
  *toChunks(response) {
    const { id, model, created, choices, usage } = response as CompletionResponse;
    yield { type: 'start', id, model, created };
    for (const { index, text, finishReason } of choices) {
      yield { type: 'text-delta', choice: index, text };
      yield { type: 'finish', choice: index, reason: finishReason };
    }
    if (usage) yield { type: 'usage', usage };
  },
  encoder: (includeUsage, _body, tellCost) => openAiCompletionStreamEncoder({ includeUsage, tellCost }),
};

export const embeddings: Front = {
  ...shared,
  operation: 'embeddings',
  route: '/v1/embeddings',
  toDomain: fromOpenAiEmbeddingRequest,
  readAnswer: fromOpenAiEmbeddingResponse,
  answersInWords: false,
  textFields: (request) => ({ input: (request as EmbeddingRequest).input }),
  join: () => {
    throw new TypeError('Embeddings do not come in streams.');
  },
  fromDomain: (response, body) =>
    toOpenAiEmbeddingResponse(response as EmbeddingResponse, body['encoding_format'] === 'base64' ? 'base64' : 'float'),
  toChunks: () => [],
  list: embeddingList,
  // Both call it `input`.
  estimateUsage: ({ input }) => estimateEmbeddingUsage(input),
  encoder: () => openAiStreamEncoder({ includeUsage: false }),
};

const PATHS: readonly [string, Front][] = [
  ['chat/completions', chatFront],
  ['completions', completions],
  ['embeddings', embeddings],
];

type ModelRequest = FastifyRequest<{ Params: { model?: string } }>;

/** The same call under `/v1`, bare, and with the model in the path as Azure's and older clients write it. */
export const openAiRoutes = (scope: FastifyInstance, runtime: Runtime, pipeline: Pipeline): void => {
  for (const [path, front] of PATHS) {
    const handler = (request: ModelRequest, reply: FastifyReply): void => {
      // From here on the road owns the response.
      reply.hijack();
      pipeline({
        front,
        headers: request.headers,
        raw: request.body as Buffer | undefined,
        pathModel: request.params.model,
        response: reply.raw,
        snapshot: runtime.entered(),
      });
    };
    const options = { config: { front } };
    scope.post(`/v1/${path}`, options, handler);
    scope.post(`/${path}`, options, handler);
    scope.post(`/engines/:model(.+)/${path}`, options, handler);
    scope.post(`/openai/deployments/:model(.+)/${path}`, options, handler);
  }
};
