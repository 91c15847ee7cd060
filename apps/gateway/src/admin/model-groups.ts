// What `/model_group/info` tells of a name: all deployments behind it, taken together.
import type { Deployment, JsonObject, JsonValue } from '@turnpike/domain';
import { factsOf, type ModelKnowledge } from './model-info.js';

/** One deployment with the upstream's name of the model that the name stands for. */
export interface GroupMember {
  readonly deployment: Deployment;
  readonly model: string;
}

const largest = (values: readonly (JsonValue | undefined)[]): number | null => {
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === 0 ? null : Math.max(...numbers);
};

const sum = (values: readonly (number | undefined)[]): number | null => {
  const numbers = values.filter((value) => value !== undefined);
  return numbers.length === 0 ? null : numbers.reduce((total, value) => total + value, 0);
};

/** What any of them has counts for all, as LiteLLM tells it; of prices the highest, so that nobody is surprised. */
export const describeGroup = (name: string, members: readonly GroupMember[], knowledge: ModelKnowledge): JsonObject => {
  const facts = members.map(({ deployment, model }) => ({
    ...factsOf(deployment, model, knowledge),
    ...deployment.info,
  })) as JsonObject[];
  const all = (key: string): (JsonValue | undefined)[] => facts.map((one) => one[key]);
  const supports = [...new Set(facts.flatMap((one) => Object.keys(one).filter((key) => key.startsWith('supports_'))))];
  return {
    model_group: name,
    providers: [...new Set(all('litellm_provider'))] as string[],
    mode: all('mode').find((mode) => typeof mode === 'string') ?? null,
    max_input_tokens: largest(all('max_input_tokens')),
    max_output_tokens: largest(all('max_output_tokens')),
    input_cost_per_token: largest(all('input_cost_per_token')),
    output_cost_per_token: largest(all('output_cost_per_token')),
    rpm: sum(members.map(({ deployment }) => deployment.rpm)),
    tpm: sum(members.map(({ deployment }) => deployment.tpm)),
    supports_parallel_function_calling: false,
    supports_vision: false,
    supports_function_calling: false,
    supports_web_search: false,
    supports_reasoning: false,
    ...Object.fromEntries(supports.map((key) => [key, all(key).includes(true)])),
    configurable_clientside_auth_params: [...new Set(members.flatMap(({ deployment }) => deployment.clientParams))],
    is_public_model_group: false,
    health_status: null,
  };
};
