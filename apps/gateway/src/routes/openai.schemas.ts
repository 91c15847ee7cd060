// What the data plane takes and gives, for the OpenAPI document. The road itself checks by hand, which costs less.
import { z } from '@turnpike/plugin-sdk';

const usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.record(z.string(), z.unknown()).optional(),
  completion_tokens_details: z.record(z.string(), z.unknown()).optional(),
});

const streamOptions = z.object({ include_usage: z.boolean().optional() });

const sampling = {
  model: z.string().describe('A name from GET /v1/models'),
  stream: z.boolean().default(false),
  stream_options: streamOptions.optional(),
  max_tokens: z.int().positive().optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  n: z.int().positive().optional(),
  stop: z.union([z.string(), z.array(z.string())]).optional(),
  seed: z.int().optional(),
  presence_penalty: z.number().optional(),
  frequency_penalty: z.number().optional(),
  user: z.string().optional(),
  timeout: z.number().positive().optional().describe('Seconds'),
  drop_params: z.boolean().optional().describe('Drop parameters the provider lacks instead of answering 400'),
  metadata: z.record(z.string(), z.unknown()).optional(),
};

const toolCall = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
  name: z.string().optional(),
  tool_calls: z.array(toolCall).optional(),
  tool_call_id: z.string().optional(),
});

const schemas = {
  ChatCompletionRequest: z.looseObject({
    ...sampling,
    messages: z.array(message).min(1),
    max_completion_tokens: z.int().positive().optional(),
    tools: z.array(z.looseObject({ type: z.string() })).optional(),
    tool_choice: z.union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string() })]).optional(),
    parallel_tool_calls: z.boolean().optional(),
    response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
    reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).optional(),
    logprobs: z.boolean().optional(),
    top_logprobs: z.int().min(0).max(20).optional(),
  }),
  ChatCompletion: z.looseObject({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.looseObject({
        index: z.int(),
        message,
        finish_reason: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']),
      }),
    ),
    usage: usage.optional(),
  }),
  CompletionRequest: z.looseObject({
    ...sampling,
    prompt: z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))]),
    echo: z.boolean().optional(),
  }),
  Completion: z.looseObject({
    id: z.string(),
    object: z.literal('text_completion'),
    created: z.int(),
    model: z.string(),
    choices: z.array(z.looseObject({ index: z.int(), text: z.string(), finish_reason: z.string() })),
    usage: usage.optional(),
  }),
  EmbeddingRequest: z.looseObject({
    model: z.string().describe('A name from GET /v1/models'),
    input: z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))]),
    encoding_format: z.enum(['float', 'base64']).optional(),
    dimensions: z.int().positive().optional(),
    user: z.string().optional(),
  }),
  EmbeddingList: z.object({
    object: z.literal('list'),
    model: z.string(),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: z.union([z.array(z.number()), z.string()]),
      }),
    ),
    usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  }),
  Model: z.object({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string() }),
  Error: z.object({
    error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
  }),
};

export const dataPlaneSchemas = (): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }),
    ]),
  );

const reference = (name: keyof typeof schemas): unknown => ({
  'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
});

const security = [{ bearer: [] }];
const failure = { description: 'Error in the OpenAI shape', content: reference('Error') };

const call = (
  summary: string,
  request: keyof typeof schemas,
  response: keyof typeof schemas,
  streams: boolean,
): unknown => ({
  post: {
    tags: ['models'],
    summary,
    security,
    requestBody: { required: true, content: reference(request) },
    responses: {
      200: {
        description: streams ? 'The answer; `text/event-stream` when `stream` is true' : 'The answer',
        content: {
          ...(reference(response) as object),
          ...(streams ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
        },
      },
      default: failure,
    },
  },
});

export const dataPlanePaths = (): Record<string, unknown> => ({
  '/v1/chat/completions': call('Chat completion', 'ChatCompletionRequest', 'ChatCompletion', true),
  '/v1/completions': call('Text completion', 'CompletionRequest', 'Completion', true),
  '/v1/embeddings': call('Embeddings', 'EmbeddingRequest', 'EmbeddingList', false),
  '/v1/models': {
    get: {
      tags: ['models'],
      summary: 'Models this key may use',
      security,
      parameters: [{ name: 'return_wildcard_routes', in: 'query', schema: { type: 'boolean' } }],
      responses: {
        200: {
          description: 'The list',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                properties: {
                  object: { type: 'string' },
                  data: { type: 'array', items: { $ref: '#/components/schemas/Model' } },
                },
              },
            },
          },
        },
        default: failure,
      },
    },
  },
  '/v1/models/{id}': {
    get: {
      tags: ['models'],
      summary: 'One model',
      security,
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      responses: { 200: { description: 'The model', content: reference('Model') }, default: failure },
    },
  },
});
