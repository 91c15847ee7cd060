// Settings, in the words of Langfuse's SDKs and LiteLLM.
import { z } from '@turnpike/plugin-sdk';

const withScheme = (address: string): string => (/^[a-z]+:\/\//i.test(address) ? address : `http://${address}`);

export const config = z.strictObject({
  public_key: z.string().min(1).describe('pk-lf-…, of the project'),
  secret_key: z.string().min(1).describe('sk-lf-…, of the project'),
  host: z
    .string()
    .default('https://cloud.langfuse.com')
    .transform(withScheme)
    .pipe(z.url({ protocol: /^https?$/ }))
    .describe('Address of the Langfuse server'),
  default_tags: z
    .union([z.array(z.string()), z.string().transform((names) => names.split(',').map((name) => name.trim()))])
    .default([])
    .describe('Facts that every trace is tagged with: cache_hit, user_api_key_alias, user_api_key_team_alias …'),
  release: z.string().optional().describe('Release of traces that name none'),
  environment: z
    .string()
    .regex(/^(?!langfuse)[a-z0-9_-]{1,40}$/, {
      error: 'is no name such as production: lower-case letters, digits, - and _',
    })
    .optional()
    .describe('Environment that traces are filed under'),
  sample_rate: z.coerce.number().min(0).max(1).default(1).describe('Share of traces that are sent'),
  flush_interval: z.coerce.number().positive().max(60).default(1).describe('Seconds that a call waits for others'),
});

export type LangfuseSettings = z.output<typeof config>;
