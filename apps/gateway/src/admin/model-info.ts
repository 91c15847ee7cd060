// What the model routes tell of deployments: their parameters without secrets, what they cost and can do.
import { maskTree, type DisabledDeployment } from '@turnpike/config';
import type { Deployment, JsonObject } from '@turnpike/domain';
import { perMillionTokens, supportsKeyOf, type ModelFacts, type Price } from '@turnpike/pricing';
import { teamOf } from '@turnpike/router';

/** Nano-dollars of a million tokens, in dollars of one. */
const USD_PER_TOKEN = 1e15;

export interface ModelKnowledge {
  facts(deployment: Deployment, model: string): ModelFacts | undefined;
  priceOf(deployment: Deployment, model: string): Price | undefined;
}

/** `openai`, of `provider.openai`. */
const vendorOf = ({ provider }: Deployment): string => provider.slice('provider.'.length);

/** As `litellm_params` would say it; without what is absent. */
const paramsOf = (deployment: Deployment): JsonObject => {
  const { connection, defaults, extraBody, headers, info: _info, ...rest } = deployment;
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);
  const filled = (value: object): JsonObject | undefined =>
    Object.keys(value).length === 0 ? undefined : (value as JsonObject);
  const listed = (list: readonly string[]): string[] | undefined => (list.length === 0 ? undefined : [...list]);
  return withoutAbsent({
    model: `${vendorOf(deployment)}/${deployment.model}`,
    ...connection,
    ...defaults,
    extra_headers: filled(headers),
    extra_body: filled(extraBody),
    drop_params: rest.dropParams,
    additional_drop_params: listed(rest.additionalDropParams),
    allowed_openai_params: listed(rest.allowedParams),
    configurable_clientside_auth_params: listed(rest.clientParams),
    rpm: rest.rpm,
    tpm: rest.tpm,
    max_parallel_requests: rest.maxParallelRequests,
    weight: rest.weight,
    order: rest.order,
    tags: listed(rest.tags),
    tag_regex: listed(rest.tagRegex),
    region_name: rest.region,
    timeout: seconds(rest.timeoutMs),
    stream_timeout: seconds(rest.streamTimeoutMs),
    stream_idle_timeout: seconds(rest.streamIdleTimeoutMs),
    num_retries: rest.numRetries,
    cooldown_time: seconds(rest.cooldownMs),
    max_budget: rest.maxBudgetUsd,
    budget_duration: rest.budgetDuration,
    ...rest.prices,
  });
};

const withoutAbsent = (values: Record<string, unknown>): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as JsonObject;

/** Prices, sizes and abilities, of a model that may be one of a wildcard's. */
export const factsOf = (deployment: Deployment, model: string, knowledge: ModelKnowledge): JsonObject => {
  const facts = knowledge.facts(deployment, model);
  const price = knowledge.priceOf(deployment, model);
  const perMillion = price && perMillionTokens(price);
  return {
    key: model,
    litellm_provider: vendorOf(deployment),
    mode: facts?.mode ?? null,
    max_tokens: facts?.maxOutputTokens ?? null,
    max_input_tokens: facts?.maxInputTokens ?? null,
    max_output_tokens: facts?.maxOutputTokens ?? null,
    input_cost_per_token: perMillion ? perMillion.input / USD_PER_TOKEN : null,
    output_cost_per_token: perMillion ? perMillion.output / USD_PER_TOKEN : null,
    ...Object.fromEntries([...(facts?.capabilities ?? [])].map((name) => [supportsKeyOf(name), true])),
  };
};

/**
 * One entry of `/model/info`. Only admins are told where a model is called, and with what.
 * @param teamId of the caller: its own models go by the names that it knows
 */
export const describeModel = (
  deployment: Deployment,
  caller: { readonly isAdmin: boolean; readonly teamId: string },
  knowledge: ModelKnowledge,
): JsonObject => {
  const params = paramsOf(deployment);
  const team = teamOf(deployment);
  return {
    model_name: team && team.id === caller.teamId ? team.modelName : deployment.modelName,
    litellm_params: caller.isAdmin ? maskTree(params) : { model: params['model']! },
    model_info: {
      ...factsOf(deployment, deployment.model, knowledge),
      ...maskTree(deployment.info),
      id: deployment.id,
      db_model: deployment.isStored === true,
    },
  };
};

/** One that is off, and why. For admins. */
export const describeDisabled = ({ id, modelName, model, reason }: DisabledDeployment): JsonObject => ({
  model_name: modelName,
  litellm_params: { model },
  model_info: { id: id ?? null, db_model: id !== undefined, off: reason },
});
