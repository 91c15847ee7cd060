// Ollama's own format. docs: https://docs.ollama.com/api, read 2026-11-21
import { isJsonObject, unreadable, type JsonObject, type JsonValue } from '@turnpike/plugin-sdk';
import { innerError } from './errors.js';

export interface OllamaMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  thinking?: string;
  /** base64, no prefix. */
  images?: string[];
  tool_calls?: OllamaToolCall[];
  /** Of a tool's result: the name of the tool. */
  tool_name?: string;
  tool_call_id?: string;
}

export interface OllamaToolCall {
  id?: string;
  function: { index?: number; name: string; arguments: JsonObject };
}

/** A whole answer, or one line of a stream. Durations are left out; they are of no use here. */
export interface OllamaAnswer {
  model: string;
  /** RFC 3339 with nanoseconds. */
  createdAt: string;
  message: { content: string; thinking: string; toolCalls: JsonObject[] };
  isDone: boolean;
  doneReason: string | undefined;
  promptEvalCount: number | undefined;
  evalCount: number | undefined;
  logprobs: JsonValue[];
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const count = (value: JsonValue | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

/** @throws GW_UPSTREAM_INVALID_RESPONSE, or what an `{"error"}` in its place means */
export const readAnswer = (value: JsonValue): OllamaAnswer => {
  if (!isJsonObject(value)) throw unreadable('it is not an object');
  if (value['error']) throw innerError(value);
  const { message } = value;
  if (!isJsonObject(message)) throw unreadable("it has no 'message'");
  const calls = message['tool_calls'];
  return {
    model: text(value['model']),
    createdAt: text(value['created_at']),
    message: {
      content: text(message['content']),
      thinking: text(message['thinking']),
      toolCalls: Array.isArray(calls) ? calls.filter(isJsonObject) : [],
    },
    isDone: value['done'] === true,
    doneReason: text(value['done_reason']) || undefined,
    promptEvalCount: count(value['prompt_eval_count']),
    evalCount: count(value['eval_count']),
    logprobs: Array.isArray(value['logprobs']) ? value['logprobs'] : [],
  };
};
