// ChatResponse → OpenAI chat answer.
import type { ChatChoice, ChatResponse, JsonObject } from '@turnpike/domain';
import { toOpenAiAssistant } from './content.js';
import { toOpenAiFinishReason } from './finish-reason.js';
import { toOpenAiUsage } from './usage.js';

export const toOpenAiResponse = (response: ChatResponse): JsonObject => ({
  id: response.id,
  object: 'chat.completion',
  created: response.created,
  model: response.model,
  choices: response.choices.map(toChoice),
  ...(response.usage ? { usage: toOpenAiUsage(response.usage) } : {}),
  ...(response.systemFingerprint ? { system_fingerprint: response.systemFingerprint } : {}),
  ...(response.serviceTier ? { service_tier: response.serviceTier } : {}),
  ...response.extras,
});

const toChoice = (choice: ChatChoice): JsonObject => {
  const message = toOpenAiAssistant(choice.content);
  message['refusal'] ??= null;
  return {
    index: choice.index,
    message,
    logprobs: choice.logprobs ?? null,
    finish_reason: toOpenAiFinishReason(choice.finishReason),
    ...(choice.nativeFinishReason && choice.nativeFinishReason !== toOpenAiFinishReason(choice.finishReason)
      ? { provider_specific_fields: { native_finish_reason: choice.nativeFinishReason } }
      : {}),
  };
};
