// Credentials, base URL and options of one Anthropic account, or of a host that speaks its format.
import { z } from '@turnpike/plugin-sdk';

export const DEFAULT_BASE = 'https://api.anthropic.com';

export const config = z
  .strictObject({
    api_key: z.string().optional().describe('API key, sent as x-api-key'),
    auth_token: z.string().optional().describe('Token, sent as Authorization: Bearer; used when there is no api_key'),
    api_base: z
      .url({ protocol: /^https?$/ })
      .default(DEFAULT_BASE)
      .describe('Base URL, with or without /v1 or /v1/messages'),
    anthropic_version: z.string().default('2023-06-01').describe('Sent as anthropic-version'),
    beta: z.array(z.string()).default([]).describe('Sent as anthropic-beta with every call'),
  })
  .refine((value) => value.api_key || value.auth_token || value.api_base !== DEFAULT_BASE, {
    path: ['api_key'],
    message: 'is missing: set ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN), or api_key in litellm_params',
  });

export type AnthropicConfig = z.output<typeof config>;
