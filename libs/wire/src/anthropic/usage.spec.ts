import { describe, expect, it } from '@jest/globals';
import { fromAnthropicUsage, toAnthropicUsage } from './usage.js';

describe('fromAnthropicUsage', () => {
  it.each([
    [
      'counts cache reads and writes as input',
      {
        input_tokens: 4,
        cache_creation_input_tokens: 30,
        cache_read_input_tokens: 6,
        cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
        output_tokens: 12,
      },
      {
        inputTokens: 40,
        outputTokens: 12,
        totalTokens: 52,
        cachedInputTokens: 6,
        cacheWriteTokens: 30,
        cacheWriteLongTokens: 20,
      },
    ],
    [
      'reads thinking tokens and web searches',
      {
        input_tokens: 1,
        output_tokens: 9,
        output_tokens_details: { thinking_tokens: 5 },
        server_tool_use: { web_search_requests: 2 },
      },
      { inputTokens: 1, outputTokens: 9, totalTokens: 10, reasoningTokens: 5, webSearchRequests: 2 },
    ],
    [
      'adds up the rounds of a compaction, the advisor left out',
      {
        input_tokens: 682,
        output_tokens: 1_320,
        iterations: [
          { type: 'compaction', input_tokens: 60_385, output_tokens: 592, cache_read_input_tokens: 0 },
          { type: 'message', input_tokens: 682, output_tokens: 1_320, cache_read_input_tokens: 10 },
          { type: 'advisor_message', input_tokens: 7, output_tokens: 7 },
        ],
      },
      { inputTokens: 61_077, outputTokens: 1_912, totalTokens: 62_989, cachedInputTokens: 10 },
    ],
    [
      'takes the totals where no round was a compaction',
      { input_tokens: 5, output_tokens: 6, iterations: [{ type: 'message', input_tokens: 1, output_tokens: 1 }] },
      { inputTokens: 5, outputTokens: 6, totalTokens: 11 },
    ],
  ])('%s', (_title, usage, expected) => expect(fromAnthropicUsage(usage)).toEqual(expected));

  it.each([[undefined], [null], [{}], [{ input_tokens: null }]])('is unknown for %j', (usage) =>
    expect(fromAnthropicUsage(usage)).toBeUndefined(),
  );
});

describe('toAnthropicUsage', () => {
  it('comes back the same', () => {
    const usage = {
      inputTokens: 40,
      outputTokens: 12,
      totalTokens: 52,
      cachedInputTokens: 6,
      cacheWriteTokens: 30,
      cacheWriteLongTokens: 20,
      reasoningTokens: 5,
      webSearchRequests: 1,
    };
    expect(fromAnthropicUsage(toAnthropicUsage(usage))).toEqual(usage);
  });

  it('tells every count that clients add up, zeros included', () =>
    expect(toAnthropicUsage({ inputTokens: 3, outputTokens: 2, totalTokens: 5 })).toEqual({
      input_tokens: 3,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: 2,
    }));
});
