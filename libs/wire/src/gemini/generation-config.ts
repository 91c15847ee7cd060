// Sampling, output format and modalities → `generationConfig`.
import { isJsonObject, type ChatRequest, type JsonObject } from '@turnpike/domain';
import { isHarmlessDefault } from '../openai/parameters.js';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { defined } from './json.js';
import { toGeminiJsonSchema } from './json-schema.js';
import type { GeminiModelFacts } from './model.js';
import { toGeminiSchema } from './schema.js';
import { toGeminiThinking } from './thinking.js';

/** Members of `generationConfig` that a client may write at the top level of its request. */
export const GENERATION_FIELDS: ReadonlySet<string> = new Set([
  'audioTimestamp',
  'candidateCount',
  'enableEnhancedCivicAnswers',
  'imageConfig',
  'mediaResolution',
  'responseJsonSchema',
  'responseLogprobs',
  'responseMimeType',
  'responseModalities',
  'responseSchema',
  'routingConfig',
  'speechConfig',
  'stopSequences',
  'thinkingConfig',
  'topK',
  'topP',
]);

/** @param isJsonTold the answer's format is told in words, because the model cannot have both that and tools */
export const toGenerationConfig = (
  request: ChatRequest,
  model: string,
  facts: GeminiModelFacts,
  policy: ParameterPolicy,
  isJsonTold: boolean,
): JsonObject =>
  defined({
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    maxOutputTokens: request.maxOutputTokens,
    candidateCount: request.n === 1 ? undefined : request.n,
    stopSequences: request.stop,
    seed: request.seed,
    frequencyPenalty: penalty(request.frequencyPenalty, 'frequency_penalty', facts, policy),
    presencePenalty: penalty(request.presencePenalty, 'presence_penalty', facts, policy),
    responseLogprobs: request.logprobs || undefined,
    logprobs: request.logprobs ? request.topLogprobs : undefined,
    ...(isJsonTold ? {} : toFormat(request, facts)),
    ...toModalities(request.extras, policy),
    thinkingConfig: toGeminiThinking(request.reasoning, model, policy),
  });

const penalty = (
  value: number | undefined,
  name: string,
  facts: GeminiModelFacts,
  policy: ParameterPolicy,
): number | undefined => {
  if (value === undefined || facts.hasPenalties) return value;
  return value !== 0 && passUnsupported(policy, name, 'this model takes no penalties') ? value : undefined;
};

const toFormat = ({ responseFormat: format }: ChatRequest, facts: GeminiModelFacts): JsonObject => {
  if (!format || format.type === 'text') return {};
  const json = { responseMimeType: 'application/json' };
  if (format.type === 'json') return json;
  return facts.hasJsonSchema
    ? { ...json, responseJsonSchema: toGeminiJsonSchema(format.schema) }
    : { ...json, responseSchema: toGeminiSchema(format.schema) };
};

/** OpenAI's `modalities: ['text', 'audio']` and `audio: {voice, format}`. */
const toModalities = (extras: JsonObject, policy: ParameterPolicy): JsonObject => {
  const { modalities, audio } = extras;
  return {
    responseModalities:
      Array.isArray(modalities) && !isHarmlessDefault('modalities', modalities)
        ? modalities.map((name) => String(name).toUpperCase())
        : undefined,
    speechConfig: isJsonObject(audio) ? toSpeech(audio, policy) : undefined,
  };
};

const toSpeech = (audio: JsonObject, policy: ParameterPolicy): JsonObject | undefined => {
  const format = audio['format'] ?? 'pcm16';
  if (format !== 'pcm16') passUnsupported(policy, 'audio.format', 'Gemini speaks pcm16 only');
  const voice = audio['voice'];
  return typeof voice === 'string' ? { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } } : undefined;
};
