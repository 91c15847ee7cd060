// ChatResponse → body of `generateContent`.
import type { AssistantPart, ChatChoice, ChatResponse, JsonObject } from '@turnpike/domain';
import { toGeminiFinishReason } from './finish-reason.js';
import { toGrounding } from './grounding.js';
import { defined } from './json.js';
import { toGeminiLogprobs } from './logprobs.js';
import { toGeminiUsage } from './usage.js';

export const toGeminiResponse = (response: ChatResponse): JsonObject =>
  defined({
    candidates: response.choices.map(toCandidate),
    usageMetadata: response.usage && toGeminiUsage(response.usage),
    ...toGeminiHead(response),
  });

export const toGeminiHead = ({ id, model, created }: { id: string; model: string; created: number }): JsonObject => ({
  modelVersion: model,
  createTime: new Date(created * 1_000).toISOString(),
  responseId: id,
});

const toCandidate = (choice: ChatChoice): JsonObject => {
  const texts = choice.content.filter((part) => part.type === 'text');
  return defined({
    content: { role: 'model', parts: choice.content.flatMap(toGeminiAnswerPart) },
    finishReason: toGeminiFinishReason(choice.finishReason, choice.nativeFinishReason),
    index: choice.index,
    groundingMetadata: toGrounding(
      texts.flatMap((part) => part.annotations ?? []),
      texts.map((part) => part.text).join(''),
    ),
    logprobsResult: choice.logprobs && toGeminiLogprobs(choice.logprobs),
  });
};

/** Whatever a model may write, Gemini or not; its reasoning is a thought. */
export const toGeminiAnswerPart = (part: AssistantPart): JsonObject[] => {
  switch (part.type) {
    case 'text':
      return [defined({ text: part.text, thoughtSignature: part.signature })];
    case 'refusal':
      return [{ text: part.text }];
    case 'reasoning':
      // Encrypted reasoning has no counterpart.
      return part.redacted === undefined
        ? [defined({ text: part.text, thought: true, thoughtSignature: part.signature })]
        : [];
    case 'tool-call':
      return [
        defined({
          functionCall: { id: part.id, name: part.name, args: readArguments(part.arguments) },
          thoughtSignature: part.signature,
        }),
      ];
    case 'image':
    case 'audio':
      return part.data === undefined
        ? []
        : [{ inlineData: { mimeType: part.mediaType ?? `${part.type}/*`, data: part.data } }];
  }
};

/** Arguments that a model left broken are handed on as they are: the client's tool has to judge. */
const readArguments = (text: string): JsonObject => {
  try {
    return JSON.parse(text || '{}') as JsonObject;
  } catch {
    return { arguments: text };
  }
};
