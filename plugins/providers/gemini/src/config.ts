// Credentials, base URL and defaults of one Gemini API project.
import { z } from '@turnpike/plugin-sdk';
import { isGoogleHost } from './endpoint.js';

const safetySetting = z.strictObject({
  category: z.string().regex(/^HARM_CATEGORY_/, "must be one of Google's, such as HARM_CATEGORY_HARASSMENT"),
  threshold: z.enum([
    'HARM_BLOCK_THRESHOLD_UNSPECIFIED',
    'BLOCK_LOW_AND_ABOVE',
    'BLOCK_MEDIUM_AND_ABOVE',
    'BLOCK_ONLY_HIGH',
    'BLOCK_NONE',
    'OFF',
  ]),
});

export const config = z
  .strictObject({
    api_key: z.string().optional().describe('API key; not needed where a proxy at api_base adds its own'),
    api_base: z
      .url({ protocol: /^https?$/ })
      .default('https://generativelanguage.googleapis.com/v1beta')
      .describe('Base URL; v1beta is added when it names no version'),
    safety_settings: z
      .array(safetySetting)
      .optional()
      .describe('Thresholds of the safety filters, for requests that bring none'),
  })
  .refine((value) => value.api_key || !isGoogleHost(value.api_base), {
    path: ['api_key'],
    message: 'is missing: set GEMINI_API_KEY, or api_key in litellm_params',
  });

export type GeminiConfig = z.output<typeof config>;
