// Credentials, base URL and options of one OpenAI account (or a host that is its twin).
import { z } from '@turnpike/plugin-sdk';
import { isOpenAiHost } from './hosts.js';

const DEFAULT_BASE = 'https://api.openai.com/v1';

export const config = z
  .strictObject({
    api_key: z.string().optional().describe('API key; not needed by many self-hosted servers'),
    api_base: z
      .url({ protocol: /^https?$/ })
      .default(DEFAULT_BASE)
      .describe('Base URL, version included'),
    organization: z.string().optional().describe('Sent as OpenAI-Organization'),
    project: z.string().optional().describe('Sent as OpenAI-Project'),
  })
  .refine((value) => value.api_key || !isOpenAiHost(value.api_base), {
    path: ['api_key'],
    message: 'is missing: set OPENAI_API_KEY, or api_key in litellm_params',
  });

export type OpenAiConfig = z.output<typeof config>;
