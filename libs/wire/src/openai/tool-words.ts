// How an answer says that it calls a tool: as `tool_calls`, or in OpenAI's first words, for clients that ask in them.
import {
  isJsonObject,
  type FinishReason,
  type JsonObject,
  type ToolCallDeltaChunk,
  type ToolCallStartChunk,
} from '@turnpike/domain';
import { signatureFields } from './content.js';
import { toOpenAiFinishReason } from './finish-reason.js';

/** The client offers `functions` and no `tools`: it looks for `function_call`, and would not see `tool_calls`. */
export const asksInFunctions = (body: Readonly<JsonObject>): boolean =>
  Array.isArray(body['functions']) && (body['tools'] ?? undefined) === undefined;

export interface ToolWords {
  /** A whole message, written with `tool_calls`. */
  message(message: JsonObject): JsonObject;
  /** Fields of a delta; undefined where there is nothing to say. */
  start(chunk: ToolCallStartChunk): JsonObject | undefined;
  delta(chunk: ToolCallDeltaChunk): JsonObject | undefined;
  finish(reason: FinishReason): string;
}

const TOOLS: ToolWords = {
  message: (message) => message,
  start: ({ index, id, name, signature }) => ({
    tool_calls: [
      {
        index,
        id,
        type: 'function',
        function: { name, arguments: '' },
        ...(signature ? signatureFields(signature) : {}),
      },
    ],
  }),
  delta: ({ index, arguments: piece }) => ({ tool_calls: [{ index, function: { arguments: piece } }] }),
  finish: toOpenAiFinishReason,
};

/** There is room for one call a turn. The model is asked again with its result, and may then make the next. */
const FUNCTIONS: ToolWords = {
  message: ({ tool_calls: calls, ...message }) => {
    const first = Array.isArray(calls) ? calls[0] : undefined;
    return isJsonObject(first) ? { ...message, function_call: first['function'] } : message;
  },
  start: ({ index, name }) => (index === 0 ? { function_call: { name, arguments: '' } } : undefined),
  delta: ({ index, arguments: piece }) => (index === 0 ? { function_call: { arguments: piece } } : undefined),
  finish: (reason) => (reason === 'tool-calls' ? 'function_call' : toOpenAiFinishReason(reason)),
};

export const toolWords = (inFunctions = false): ToolWords => (inFunctions ? FUNCTIONS : TOOLS);
