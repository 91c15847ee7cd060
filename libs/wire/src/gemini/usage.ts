import { isJsonObject, type JsonObject, type JsonValue, type Usage } from '@turnpike/domain';

const count = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && value >= 0 ? value : undefined;

const ofModality = (details: JsonValue | undefined, modality: string): number | undefined =>
  Array.isArray(details)
    ? count(details.filter(isJsonObject).find((entry) => entry['modality'] === modality)?.['tokenCount'])
    : undefined;

/**
 * `usageMetadata` → Usage. Tokens of tools' results belong to the input. Thoughts stand beside the candidates' tokens,
 * except where the total says that they are among them.
 * @param webSearches searches that are billed
 */
export const fromGeminiUsage = (value: JsonValue | undefined, webSearches?: number): Usage | undefined => {
  if (!isJsonObject(value)) return undefined;
  const prompt = count(value['promptTokenCount']);
  const candidates = count(value['candidatesTokenCount']) ?? 0;
  const thoughts = count(value['thoughtsTokenCount']);
  const total = count(value['totalTokenCount']);
  if (prompt === undefined && total === undefined) return undefined;
  const tools = count(value['toolUsePromptTokenCount']) ?? 0;
  const inputTokens = (prompt ?? Math.max(0, (total ?? 0) - candidates - (thoughts ?? 0) - tools)) + tools;
  const areThoughtsInside = thoughts !== undefined && thoughts > 0 && inputTokens + candidates === total;
  const outputTokens = areThoughtsInside ? candidates : candidates + (thoughts ?? 0);
  return {
    inputTokens,
    outputTokens,
    totalTokens: total ?? inputTokens + outputTokens,
    cachedInputTokens: count(value['cachedContentTokenCount']),
    reasoningTokens: thoughts,
    inputAudioTokens: ofModality(value['promptTokensDetails'], 'AUDIO'),
    inputImageTokens: ofModality(value['promptTokensDetails'], 'IMAGE'),
    outputAudioTokens: ofModality(value['candidatesTokensDetails'], 'AUDIO'),
    outputImageTokens: ofModality(value['candidatesTokensDetails'], 'IMAGE'),
    webSearchRequests: webSearches,
  };
};

/** Usage → `usageMetadata`. */
export const toGeminiUsage = (usage: Usage): JsonObject => {
  const out: JsonObject = {
    promptTokenCount: usage.inputTokens,
    candidatesTokenCount: Math.max(0, usage.outputTokens - (usage.reasoningTokens ?? 0)),
    totalTokenCount: usage.totalTokens,
  };
  if (usage.reasoningTokens !== undefined) out['thoughtsTokenCount'] = usage.reasoningTokens;
  if (usage.cachedInputTokens !== undefined) out['cachedContentTokenCount'] = usage.cachedInputTokens;
  const input = details({ AUDIO: usage.inputAudioTokens, IMAGE: usage.inputImageTokens });
  const output = details({ AUDIO: usage.outputAudioTokens, IMAGE: usage.outputImageTokens });
  if (input.length > 0) out['promptTokensDetails'] = input;
  if (output.length > 0) out['candidatesTokensDetails'] = output;
  return out;
};

const details = (counts: Record<string, number | undefined>): JsonObject[] =>
  Object.entries(counts).flatMap(([modality, tokenCount]) =>
    tokenCount === undefined ? [] : [{ modality, tokenCount }],
  );
