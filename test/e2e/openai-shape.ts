// OpenAI's answers as its API reference has them: what a strict client may rely on, whatever provider answered.
import { z } from 'zod';

const usage = z.looseObject({
  prompt_tokens: z.int().min(0),
  completion_tokens: z.int().min(0),
  total_tokens: z.int().min(0),
});

const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);
const fn = z.looseObject({ name: z.string().min(1), arguments: z.string() });

const message = z.looseObject({
  role: z.literal('assistant'),
  content: z.string().nullable(),
  tool_calls: z
    .array(z.looseObject({ id: z.string().min(1), type: z.literal('function'), function: fn }))
    .min(1)
    .optional(),
  reasoning_content: z.string().optional(),
});

export const chatCompletion = z.looseObject({
  id: z.string().min(1),
  object: z.literal('chat.completion'),
  created: z.int().positive(),
  model: z.string().min(1),
  choices: z.array(z.looseObject({ index: z.int(), message, finish_reason: finishReason })).min(1),
  usage,
});

const delta = z.looseObject({
  role: z.literal('assistant').optional(),
  content: z.string().nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        index: z.int().min(0),
        id: z.string().optional(),
        function: z.looseObject({ name: z.string().optional(), arguments: z.string().optional() }),
      }),
    )
    .optional(),
  reasoning_content: z.string().optional(),
});

export const chatCompletionChunk = z.looseObject({
  id: z.string().min(1),
  object: z.literal('chat.completion.chunk'),
  created: z.int().positive(),
  model: z.string().min(1),
  choices: z.array(z.looseObject({ index: z.int(), delta, finish_reason: finishReason.nullish() })),
  usage: usage.nullish(),
});

export const textCompletion = z.looseObject({
  id: z.string().min(1),
  object: z.literal('text_completion'),
  created: z.int().positive(),
  model: z.string().min(1),
  choices: z.array(z.looseObject({ index: z.int(), text: z.string(), finish_reason: finishReason })).min(1),
  usage,
});

export const textCompletionChunk = z.looseObject({
  object: z.literal('text_completion'),
  choices: z.array(z.looseObject({ index: z.int(), text: z.string(), finish_reason: finishReason.nullish() })),
  usage: usage.nullish(),
});

export const embeddingList = z.strictObject({
  object: z.literal('list'),
  model: z.string().min(1),
  data: z
    .array(
      z.strictObject({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: z.union([z.array(z.number()).min(1), z.base64().min(4)]),
      }),
    )
    .min(1),
  usage: z.strictObject({ prompt_tokens: z.int().min(0), total_tokens: z.int().min(0) }),
});

type Completion = z.output<typeof chatCompletion>;
type Chunk = z.output<typeof chatCompletionChunk>;

/** What an answer says, however it came: without ids and times, which differ from call to call. */
export interface Said {
  content: string;
  reasoning: string;
  tools: { name: string; input: unknown }[];
  finish: string | undefined;
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | undefined;
}

const counts = (known: z.output<typeof usage> | null | undefined): Said['usage'] =>
  known
    ? {
        prompt_tokens: known.prompt_tokens,
        completion_tokens: known.completion_tokens,
        total_tokens: known.total_tokens,
      }
    : undefined;

export const saidBy = (completion: Completion): Said => {
  const [choice] = completion.choices;
  const said = choice!.message;
  return {
    content: said.content ?? '',
    reasoning: said.reasoning_content ?? '',
    tools: (said.tool_calls ?? []).map((call) => ({
      name: call.function.name,
      input: JSON.parse(call.function.arguments),
    })),
    finish: choice!.finish_reason,
    usage: counts(completion.usage),
  };
};

/** Joins the chunks of one choice; throws on tool calls that begin without an id or a name. */
export const saidByAll = (chunks: readonly Chunk[]): Said => {
  const said: Said = { content: '', reasoning: '', tools: [], finish: undefined, usage: undefined };
  const calls: { name: string; text: string }[] = [];
  for (const chunk of chunks) {
    said.usage = counts(chunk.usage) ?? said.usage;
    for (const choice of chunk.choices) {
      said.content += choice.delta.content ?? '';
      said.reasoning += choice.delta.reasoning_content ?? '';
      said.finish = choice.finish_reason ?? said.finish;
      for (const call of choice.delta.tool_calls ?? []) {
        if (!calls[call.index]) {
          if (!call.id || !call.function.name) throw new Error('A tool call begins without id or name.');
          calls[call.index] = { name: call.function.name, text: '' };
        }
        calls[call.index]!.text += call.function.arguments ?? '';
      }
    }
  }
  said.tools = calls.map(({ name, text }) => ({ name, input: JSON.parse(text) }));
  return said;
};
