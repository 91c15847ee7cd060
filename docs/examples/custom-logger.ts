// A callback of one's own: LiteLLM's `CustomLogger`, method for method.
import { definePlugin, z } from '@turnpike/plugin-sdk';

export default definePlugin({
  contract: 'callback/v1',
  id: 'callback.custom-logger',
  capabilities: ['events'],
  config: z.strictObject({}),
  init: (_settings, { log }) => ({
    events: {
      /** `log_pre_api_call(model, messages, kwargs)` */
      onBeforeCall({ call, upstreamModel }) {
        log.info(`calling the model ${upstreamModel}`);
        log.debug('messages', { messages: call.request?.['messages'] });
      },
      /** `log_post_api_call(kwargs, response_obj, start_time, end_time)` */
      onAfterCall({ startedAt, endedAt }) {
        log.info(`the request took ${((endedAt - startedAt) / 1_000).toFixed(2)} s`);
      },
      /** `log_stream_event(…)`. Leave it out unless you need it: every stream is decoded for it. */
      onStreamEvent({ call, chunk }) {
        log.debug('a chunk', { callId: call.callId, type: chunk.type });
      },
      /** `log_success_event(…)`, for a batch of calls at once */
      onSuccess(calls) {
        for (const { callId, usage } of calls)
          log.info('✅ the call succeeded', { callId, tokens: usage?.totalTokens });
      },
      /** `log_failure_event(…)`, also for clients that left */
      onFailure(calls) {
        for (const { callId, error } of calls) log.error('❌ the call failed', { callId, code: error?.code });
      },
    },
  }),
});
