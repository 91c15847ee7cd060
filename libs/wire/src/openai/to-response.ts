// ChatResponse → OpenAI chat answer.
import type { ChatChoice, ChatResponse, JsonObject } from '@turnpike/domain';
import { toOpenAiAssistant } from './content.js';
import { toolWords, type ToolWords } from './tool-words.js';
import { toOpenAiUsage } from './usage.js';

export interface OpenAiResponseOptions {
  /** See `asksInFunctions`. */
  inFunctions?: boolean;
}

export const toOpenAiResponse = (response: ChatResponse, { inFunctions }: OpenAiResponseOptions = {}): JsonObject => ({
  id: response.id,
  object: 'chat.completion',
  created: response.created,
  model: response.model,
  choices: response.choices.map((choice) => toChoice(choice, toolWords(inFunctions))),
  ...(response.usage ? { usage: toOpenAiUsage(response.usage) } : {}),
  ...(response.systemFingerprint ? { system_fingerprint: response.systemFingerprint } : {}),
  ...(response.serviceTier ? { service_tier: response.serviceTier } : {}),
  ...response.extras,
});

const toChoice = (choice: ChatChoice, words: ToolWords): JsonObject => {
  const message = words.message(toOpenAiAssistant(choice.content));
  message['refusal'] ??= null;
  const finish = words.finish(choice.finishReason);
  return {
    index: choice.index,
    message,
    logprobs: choice.logprobs ?? null,
    finish_reason: finish,
    ...(choice.nativeFinishReason && choice.nativeFinishReason !== finish
      ? { provider_specific_fields: { native_finish_reason: choice.nativeFinishReason } }
      : {}),
  };
};
