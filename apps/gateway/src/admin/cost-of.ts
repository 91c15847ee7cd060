// What calls cost by the prices of this gateway: of a configured model, or of one that only the catalogue knows.
import { isJsonObject, type JsonObject, type JsonValue, type NanoUsd, type Usage } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { costOf, type Price } from '@turnpike/pricing';
import { fromOpenAiUsage } from '@turnpike/wire';
import { promptTextOf } from '../pipeline/prompt-text.js';
import type { Runtime } from '../runtime/runtime.js';
import { estimateTokens } from '../upstream/estimate-usage.js';

type Priced = Pick<Runtime, 'current' | 'prices' | 'tokens' | 'priceOf'>;

interface PricedModel {
  readonly price: Price;
  /** `openai`; empty: of the catalogue alone. */
  readonly provider: string;
}

/** What sending these words costs, whatever is answered. @throws GW_INVALID_REQUEST where nobody states a price */
export const costOfPrompt = async (runtime: Priced, model: string, body: JsonObject): Promise<NanoUsd> => {
  const { price } = priced(runtime, model);
  const inputTokens = await tokensIn(runtime, promptTextOf(body));
  return costOf(price, { inputTokens, outputTokens: 0, totalTokens: inputTokens });
};

/** By the usage that the answer tells, else by its words. @throws GW_INVALID_REQUEST */
export const costOfAnswer = async (runtime: Priced, answer: JsonObject): Promise<NanoUsd> => {
  const { model, usage: told, choices } = answer;
  if (typeof model !== 'string' || model === '')
    throw invalidRequest("'completion_response.model' is missing: it must be a text.", 'completion_response.model');
  const { price } = priced(runtime, model);
  const usage = fromOpenAiUsage(told);
  if (usage) return costOf(price, usage);
  const outputTokens = await tokensIn(runtime, answerTextOf(choices));
  return costOf(price, { inputTokens: 0, outputTokens, totalTokens: outputTokens });
};

/** @throws GW_INVALID_REQUEST where nobody states a price */
export const costOfTokens = (
  runtime: Priced,
  model: string,
  { inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>,
): { input: NanoUsd; output: NanoUsd; provider: string } => {
  const { price, provider } = priced(runtime, model);
  const whole = costOf(price, { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens });
  const input = costOf(price, { inputTokens, outputTokens: 0, totalTokens: inputTokens });
  return { input, output: Math.max(0, whole - input), provider };
};

/** A deployment's own price counts before what is known of the model; the first deployment that has one is taken. */
const priced = (runtime: Priced, model: string): PricedModel => {
  const groups = runtime.current.index.resolve(model)?.groups ?? [];
  for (const { deployment, model: name } of groups.flatMap(({ targets }) => targets)) {
    const price = runtime.priceOf(deployment, name);
    if (price) return { price, provider: deployment.provider.replace(/^provider\./, '') };
  }
  const price = runtime.prices.priceOf({ provider: '', model: '', baseModel: model });
  if (price) return { price, provider: '' };
  throw invalidRequest(
    `No price is known of the model '${model.slice(0, 200)}'. Give a deployment of it input_cost_per_token and ` +
      'output_cost_per_token.',
    'model',
  );
};

const tokensIn = async ({ tokens }: Priced, text: string): Promise<number> =>
  (await tokens.count(text)) ?? estimateTokens(Buffer.byteLength(text));

const answerTextOf = (choices: JsonValue | undefined): string =>
  (Array.isArray(choices) ? choices : [])
    .flatMap((choice) => {
      if (!isJsonObject(choice)) return [];
      const { message, text } = choice;
      const content = isJsonObject(message) ? message['content'] : text;
      return typeof content === 'string' ? [content] : [];
    })
    .join('\n');
