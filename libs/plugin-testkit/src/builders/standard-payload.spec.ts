// Here and not beside it: the SDK may not import the builders.
import { describe, expect, it } from '@jest/globals';
import { standardLoggingPayload } from '@turnpike/plugin-sdk';
import { aBareCallFinished, aCallFailed, aCallFinished } from './call-events.js';

describe('the standard logging payload', () => {
  it('has what is known of a call under LiteLLM’s names', () => {
    expect(standardLoggingPayload(aCallFinished())).toMatchObject({
      id: 'call-1',
      trace_id: 'trace-1',
      call_type: 'acompletion',
      status: 'success',
      status_fields: { llm_api_status: 'success', guardrail_status: 'success' },
      model: 'large-2026-01-01',
      model_id: 'deployment-0',
      model_group: 'chat-large',
      custom_llm_provider: 'sample',
      api_base: 'https://provider.invalid/v1',
      response_cost: 0.000054,
      prompt_tokens: 9,
      completion_tokens: 3,
      total_tokens: 12,
      response_time: 0.85,
      cache_hit: false,
      request_tags: ['test'],
      end_user: 'end-user-1',
      messages: [{ role: 'user', content: 'Hello' }],
      response: { id: 'chatcmpl-1' },
      model_parameters: { temperature: 0.2 },
      hidden_params: {
        model_id: 'deployment-0',
        litellm_overhead_time_ms: 1.5,
        additional_headers: { x_ratelimit_remaining_requests: '99' },
      },
      guardrail_information: [
        { guardrail_name: 'mask', guardrail_mode: 'pre_call', masked_entity_count: { EMAIL: 1 } },
      ],
      metadata: {
        user_api_key_hash: '3f2a',
        user_api_key_alias: 'test key',
        user_api_key_team_id: 'team-1',
        spend_logs_metadata: { project: 'test' },
        requester_metadata: { trace_id: 'trace-1', tags: ['test'] },
        applied_guardrails: ['mask'],
        usage_object: { prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 4 } },
      },
    });
  });

  it('has times as seconds since the epoch', () => {
    const { startTime, endTime, completionStartTime } = standardLoggingPayload(aCallFinished());
    expect([endTime, completionStartTime].map((at) => Math.round((Number(at) - Number(startTime)) * 1_000))).toEqual([
      850, 120,
    ]);
  });

  it('says what went wrong', () => {
    expect(standardLoggingPayload(aCallFailed())).toMatchObject({
      status: 'failure',
      error_str: 'The provider is overloaded.',
      error_information: { error_code: '503', error_class: 'GW_UPSTREAM_UNAVAILABLE' },
    });
  });

  it('is JSON, whatever is missing', () => {
    const payload = standardLoggingPayload(aBareCallFinished());
    expect(JSON.parse(JSON.stringify(payload))).toEqual(payload);
    expect(payload).not.toHaveProperty('response');
  });
});
