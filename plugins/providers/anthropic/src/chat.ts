// Chat over the Messages API.
import {
  anthropicModel,
  anthropicStreamDecoder,
  fromAnthropicResponse,
  fromAnthropicUsage,
  isJsonObject,
  toAnthropicRequest,
  type Call,
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type Clock,
  type HttpOperation,
} from '@turnpike/plugin-sdk';
import { BETA_FIELDS, betasOf } from './betas.js';
import { betaHeader } from './endpoint.js';
import { fromAnthropicError } from './errors.js';

export interface AnthropicHost {
  /** Version included, no slash at the end. */
  base: string;
  headers: Record<string, string>;
  /** Betas of every call. */
  beta: readonly string[];
  clock: Clock;
}

export const anthropicChat = (host: AnthropicHost): HttpOperation<ChatRequest, ChatResponse, ChatChunk> => {
  /** Betas that a request turned out to need while its body was made. The body comes first, the endpoint after it. */
  const needed = new WeakMap<Call, readonly string[]>();
  return {
    kind: 'http',
    dialect: 'anthropic',
    endpoint: (call) => {
      const beta = betaHeader(host.beta, call.headers['anthropic-beta'], needed.get(call));
      return {
        url: `${host.base}/messages`,
        headers: beta ? { ...host.headers, 'anthropic-beta': beta } : host.headers,
      };
    },
    toBody: (request, call) => {
      needed.set(call, betasOf(request));
      const body = toAnthropicRequest(request, call.model, {
        policy: call.policy,
        capabilities: anthropicModel(describedModel(call)),
      });
      for (const field of BETA_FIELDS) delete body[field];
      return body;
    },
    fromBody: fromAnthropicResponse,
    decoder: (_call, emit) => anthropicStreamDecoder(emit),
    usage: (body) => (isJsonObject(body) ? fromAnthropicUsage(body['usage']) : undefined),
    toError: (failure, call) => fromAnthropicError(failure, call.policy.provider, host.clock.now()),
  };
};

/** A name of the operator's own says nothing of what the model can do; its base model's does. */
const describedModel = ({ model, info }: Call): string =>
  typeof info['base_model'] === 'string' ? info['base_model'] : model;
