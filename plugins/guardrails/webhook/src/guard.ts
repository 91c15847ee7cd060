// Asks, and does what it is told.
import {
  askService,
  type ChatRequest,
  type GuardrailContext,
  type GuardrailV1,
  type GuardrailVerdict,
  type JsonObject,
  type JsonValue,
  type PluginHost,
} from '@turnpike/plugin-sdk';
import { requestPayload, responsePayload } from './payload.js';
import type { Settings } from './settings.js';
import { ofRequest, ofResponse, verdictOf } from './verdict.js';

const PATH = '/beta/litellm_basic_guardrail_api';

export const createGuard = (settings: Settings, host: Pick<PluginHost, 'http'>): Required<GuardrailV1> => {
  const base = settings.api_base.replace(/\/+$/, '');
  const url = base.endsWith(PATH) ? base : `${base}${PATH}`;
  const headers = { ...(settings.api_key ? { 'x-api-key': settings.api_key } : {}), ...settings.headers };

  const ask = async <T>(
    payload: JsonObject,
    { signal }: GuardrailContext,
    read: (judgement: JsonValue) => GuardrailVerdict<T>,
  ): Promise<GuardrailVerdict<T>> => read(await askService(host.http, { url, headers, body: payload, signal }));

  const before = (request: ChatRequest, context: GuardrailContext): Promise<GuardrailVerdict<ChatRequest>> => {
    const payload = requestPayload(request, context, settings);
    return ask(payload, context, (judgement) => verdictOf(judgement, payload, ofRequest(request)));
  };

  return {
    preCall: { check: before },
    duringCall: {
      async check(request, context) {
        const verdict = await before(request, context);
        if (verdict.action !== 'replace') return verdict;
        // It is too late for other words.
        return {
          action: 'block',
          message: 'the guardrail wants the request changed, which it can only be before the call.',
        };
      },
    },
    postCall: {
      check(response, _request, context) {
        const payload = responsePayload(response, context, settings);
        return ask(payload, context, (judgement) => verdictOf(judgement, payload, ofResponse(response)));
      },
    },
  };
};
