import type { GatewayError } from '@turnpike/errors';

/**
 * OpenAI's error body: `{"error": {"message", "type", "param", "code"}}`. `code` is a word where OpenAI has one,
 * else the status as text, which is what LiteLLM's clients read.
 */
export const toOpenAiErrorBody = (error: GatewayError, message = error.message): string =>
  JSON.stringify({
    error: {
      message,
      type: error.facts.type ?? error.row.type,
      param: error.facts.param ?? null,
      code: error.row.openAiCode ?? String(error.status),
    },
  });
