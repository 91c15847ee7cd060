import { isJsonObject, type JsonObject, type JsonValue, type Usage } from '@turnpike/domain';

const count = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && value >= 0 ? value : undefined;

/** `{prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details, completion_tokens_details}` → Usage. */
export const fromOpenAiUsage = (value: JsonValue | undefined): Usage | undefined => {
  if (!isJsonObject(value)) return undefined;
  const inputTokens = count(value['prompt_tokens']);
  const outputTokens = count(value['completion_tokens']);
  const totalTokens = count(value['total_tokens']);
  if (inputTokens === undefined && outputTokens === undefined && totalTokens === undefined) return undefined;
  const total = totalTokens ?? (inputTokens ?? 0) + (outputTokens ?? 0);
  const prompt = inputTokens ?? Math.max(0, total - (outputTokens ?? 0));
  const usage: Usage = {
    inputTokens: prompt,
    outputTokens: outputTokens ?? Math.max(0, total - prompt),
    totalTokens: total,
  };
  const input = value['prompt_tokens_details'];
  const output = value['completion_tokens_details'];
  if (isJsonObject(input)) {
    usage.cachedInputTokens = count(input['cached_tokens']);
    usage.cacheWriteTokens = count(input['cache_write_tokens']);
    usage.inputAudioTokens = count(input['audio_tokens']);
    usage.inputImageTokens = count(input['image_tokens']);
  }
  // DeepSeek and Moonshot report cache reads beside the details.
  usage.cachedInputTokens ??= count(value['prompt_cache_hit_tokens']) ?? count(value['cached_tokens']);
  if (isJsonObject(output)) {
    usage.reasoningTokens = count(output['reasoning_tokens']);
    usage.outputAudioTokens = count(output['audio_tokens']);
    usage.outputImageTokens = count(output['image_tokens']);
    usage.acceptedPredictionTokens = count(output['accepted_prediction_tokens']);
    usage.rejectedPredictionTokens = count(output['rejected_prediction_tokens']);
    // xAI counts reasoning beside the completion: then the three add up to the total.
    const reasoning = usage.reasoningTokens ?? 0;
    if (reasoning > 0 && usage.inputTokens + usage.outputTokens + reasoning === usage.totalTokens) {
      usage.outputTokens += reasoning;
    }
  }
  return usage;
};

/** What a use cost, in US dollars: `0.00002`. Undefined: nobody knows. */
export type TellCost = (usage: Usage) => string | undefined;

/**
 * Usage → OpenAI's object. Details appear only where something is known.
 * @param tellCost for clients that read `cost` in it
 */
export const toOpenAiUsage = (usage: Usage, tellCost?: TellCost): JsonObject => {
  const out: JsonObject = {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
  };
  const input = compact({
    cached_tokens: usage.cachedInputTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    audio_tokens: usage.inputAudioTokens,
    image_tokens: usage.inputImageTokens,
  });
  const output = compact({
    reasoning_tokens: usage.reasoningTokens,
    audio_tokens: usage.outputAudioTokens,
    image_tokens: usage.outputImageTokens,
    accepted_prediction_tokens: usage.acceptedPredictionTokens,
    rejected_prediction_tokens: usage.rejectedPredictionTokens,
  });
  if (input) out['prompt_tokens_details'] = input;
  if (output) out['completion_tokens_details'] = output;
  const cost = tellCost?.(usage);
  if (cost !== undefined) out['cost'] = Number(cost);
  // LiteLLM's spelling, which its clients read.
  if (usage.cacheWriteTokens !== undefined) out['cache_creation_input_tokens'] = usage.cacheWriteTokens;
  if (usage.cacheWriteTokens !== undefined || usage.cachedInputTokens !== undefined) {
    out['cache_read_input_tokens'] = usage.cachedInputTokens ?? 0;
  }
  return out;
};

const compact = (fields: Record<string, number | undefined>): JsonObject | undefined => {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
};
