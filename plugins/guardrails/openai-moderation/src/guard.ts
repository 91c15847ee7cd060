// Sends the texts and reads what was flagged.
// docs: https://platform.openai.com/docs/api-reference/moderations
import {
  askService,
  inGroups,
  isJsonObject,
  ServiceFailure,
  textsOfRequest,
  textsOfResponse,
  type ChatRequest,
  type GuardrailContext,
  type GuardrailV1,
  type GuardrailVerdict,
  type JsonValue,
  type PlacedText,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import type { Settings } from './index.js';

/** Texts of one question. */
const MOST_TEXTS = 32;
/** Questions under way at once for one call. */
const MOST_QUESTIONS = 8;

export const createGuard = (
  settings: Settings,
  host: Pick<PluginHost, 'http' | 'log' | 'metrics'>,
): Required<GuardrailV1> => {
  const { model, action } = settings;
  const url = `${settings.api_base.replace(/\/+$/, '')}/moderations`;
  const headers = { authorization: `Bearer ${settings.api_key}` };

  const flaggedIn = async (texts: readonly PlacedText[], signal: AbortSignal): Promise<string[]> => {
    const said = [...new Set(texts.map(({ text }) => text))].filter((text) => text.trim() !== '');
    const questions = Array.from({ length: Math.ceil(said.length / MOST_TEXTS) }, (_, index) =>
      said.slice(index * MOST_TEXTS, (index + 1) * MOST_TEXTS),
    );
    const answers = await inGroups(questions, MOST_QUESTIONS, async (input) =>
      categoriesOf(await askService(host.http, { url, headers, body: { model, input }, signal }), input.length),
    );
    const flagged = [...new Set(answers.flat())];
    return settings.categories ? flagged.filter((category) => settings.categories!.includes(category)) : flagged;
  };

  const judge = async (
    texts: readonly PlacedText[],
    { signal }: GuardrailContext,
  ): Promise<GuardrailVerdict<never>> => {
    const flagged = await flaggedIn(texts, signal);
    if (flagged.length === 0) return { action: 'pass' };
    const categories = flagged.join(', ');
    host.metrics.count('flagged');
    host.log.warn('a text was flagged', { categories, action });
    if (action === 'log') return { action: 'pass' };
    return {
      action: 'block',
      message: `the moderation flagged the text (${categories}).`,
      details: { categories: flagged },
    };
  };

  const before = (request: ChatRequest, context: GuardrailContext): Promise<GuardrailVerdict<never>> =>
    judge(textsOfRequest(request), context);
  return {
    preCall: { check: before },
    duringCall: { check: before },
    postCall: { check: (response, _request, context) => judge(textsOfResponse(response), context) },
  };
};

/** `{results: [{flagged: true, categories: {violence: true, …}}]}`, one result for each text. */
const categoriesOf = (answer: JsonValue, count: number): string[] => {
  const results = isJsonObject(answer) ? answer['results'] : undefined;
  if (!Array.isArray(results) || results.length !== count) {
    throw new ServiceFailure('The service answered with other results than it was asked for.', false);
  }
  return results.flatMap((result) => {
    if (!isJsonObject(result) || typeof result['flagged'] !== 'boolean') {
      throw new ServiceFailure('The service answered with a result that says nothing.', false);
    }
    if (!result['flagged']) return [];
    const categories = isJsonObject(result['categories']) ? result['categories'] : {};
    const flagged = Object.keys(categories).filter((category) => categories[category] === true);
    return flagged.length > 0 ? flagged : ['unnamed'];
  });
};
