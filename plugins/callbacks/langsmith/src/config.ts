// Settings, in LiteLLM's words.
import { z } from '@turnpike/plugin-sdk';

export const config = z.strictObject({
  api_key: z.string().min(1).describe('lsv2_…, of the workspace'),
  project: z.string().min(1).default('litellm-completion').describe('Project of calls that name none'),
  default_run_name: z.string().min(1).default('LLMRun').describe('Name of runs whose call names none'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .default('https://api.smith.langchain.com')
    .transform((address) => address.replace(/\/+$/, ''))
    .describe('Address of the API; with /api/v1 where it is hosted by oneself'),
  tenant_id: z
    .string()
    .regex(/^[\w-]{1,100}$/, { error: 'is no id of a workspace' })
    .optional()
    .describe('Workspace, where the key is of several'),
  sampling_rate: z.coerce.number().min(0).max(1).default(1).describe('Share of the traces that are sent'),
  batch_size: z.coerce.number().int().min(1).max(1_000).default(100).describe('Runs in one request, at most'),
  flush_interval: z.coerce.number().positive().max(60).default(1).describe('Seconds that a call waits for others'),
});

export type LangsmithSettings = z.output<typeof config>;
