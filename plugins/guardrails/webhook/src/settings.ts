// Settings, in LiteLLM's words.
import { z } from '@turnpike/plugin-sdk';

/** Those that the service cannot do without are not among them. */
const EXCLUDABLE = ['images', 'tools', 'tool_calls', 'structured_messages', 'request_data', 'texts'] as const;

export const settingsSchema = z.strictObject({
  api_base: z.url({ protocol: /^https?$/ }).describe('Address of the service; its path is added'),
  api_key: z.string().nullish().describe('Sent as x-api-key'),
  headers: z.record(z.string(), z.string()).nullish().describe('Sent with every question'),
  additional_provider_specific_params: z.record(z.string(), z.json()).nullish().describe('Passed to the service'),
  extra_headers: z
    .array(z.string().toLowerCase())
    .nullish()
    .describe("Headers of the client's request that the service is told"),
  send_images: z.boolean().default(true),
  exclude_payload_fields: z.array(z.enum(EXCLUDABLE)).default([]).describe('Fields that are not sent'),
});

export type Settings = z.output<typeof settingsSchema>;
