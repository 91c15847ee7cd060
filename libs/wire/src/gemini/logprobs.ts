// `logprobsResult` ⇄ log probabilities in OpenAI's shape.
import { isJsonObject, type JsonObject, type JsonValue, type Logprobs } from '@turnpike/domain';

const objects = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

const toEntry = (candidate: JsonObject): JsonObject => ({
  token: candidate['token'] ?? '',
  logprob: candidate['logProbability'] ?? 0,
  // Null says that the bytes are not known: a token may be half a character.
  bytes: null,
});

/** `{chosenCandidates: [{token, logProbability}], topCandidates: [{candidates: […]}]}` */
export const fromGeminiLogprobs = (value: JsonValue | undefined): Logprobs | undefined => {
  if (!isJsonObject(value)) return undefined;
  const alternatives = objects(value['topCandidates']);
  const content = objects(value['chosenCandidates']).map((chosen, index) => ({
    ...toEntry(chosen),
    top_logprobs: objects(alternatives[index]?.['candidates']).map(toEntry),
  }));
  return content.length > 0 ? { content } : undefined;
};

export const toGeminiLogprobs = ({ content }: Logprobs): JsonObject | undefined => {
  const entries = objects(content);
  if (entries.length === 0) return undefined;
  const candidate = ({ token, logprob }: JsonObject): JsonObject => ({ token, logProbability: logprob });
  return {
    chosenCandidates: entries.map(candidate),
    topCandidates: entries.map((entry) => ({ candidates: objects(entry['top_logprobs']).map(candidate) })),
  };
};
