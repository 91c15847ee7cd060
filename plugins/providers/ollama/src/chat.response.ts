// Answer of /api/chat → ChatResponse.
import type { AssistantPart, ChatResponse, JsonValue, Logprobs } from '@turnpike/plugin-sdk';
import { fromDoneReason } from './finish-reason.js';
import { fromToolCall } from './tool-calls.js';
import { fromOllamaUsage } from './usage.js';
import { readAnswer, type OllamaAnswer } from './wire.js';

/** Unix seconds. */
export const createdOf = ({ createdAt }: OllamaAnswer): number => {
  const at = Date.parse(createdAt);
  return Math.floor((Number.isNaN(at) ? Date.now() : at) / 1_000);
};

/** `[{token, logprob, bytes, top_logprobs}]` is OpenAI's `content`. */
export const fromLogprobs = (entries: JsonValue[]): Logprobs => ({ content: entries });

/** @throws GW_UPSTREAM_INVALID_RESPONSE */
export const fromOllamaAnswer = (body: JsonValue): ChatResponse => {
  const answer = readAnswer(body);
  const { content, thinking, toolCalls } = answer.message;
  const calls = toolCalls.map((call, index) => fromToolCall(call, index, answer.createdAt));
  const parts: AssistantPart[] = [];
  if (thinking !== '') parts.push({ type: 'reasoning', text: thinking });
  if (content !== '') parts.push({ type: 'text', text: content });
  parts.push(...calls);
  return {
    id: '',
    model: answer.model,
    created: createdOf(answer),
    choices: [
      {
        index: 0,
        content: parts,
        finishReason: fromDoneReason(answer.doneReason, calls.length > 0),
        ...(answer.doneReason ? { nativeFinishReason: answer.doneReason } : {}),
        ...(answer.logprobs.length > 0 ? { logprobs: fromLogprobs(answer.logprobs) } : {}),
      },
    ],
    usage: fromOllamaUsage(answer),
  };
};
