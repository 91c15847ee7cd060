/** Asks OpenAI's moderation, or a service that speaks like it. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { createGuard } from './guard.js';

const settingsSchema = z.strictObject({
  api_key: z.string().min(1).describe('Key of the service'),
  api_base: z.url({ protocol: /^https?$/ }).default('https://api.openai.com/v1'),
  model: z.string().min(1).default('omni-moderation-latest'),
  categories: z.array(z.string()).min(1).optional().describe('Only these stop a call; by default whatever is flagged'),
  action: z.enum(['block', 'log']).default('block'),
});

export type Settings = z.output<typeof settingsSchema>;

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.openai-moderation',
  capabilities: ['preCall', 'duringCall', 'postCall'],
  aliases: ['openai-moderation', 'openai_moderation'],
  env: { OPENAI_API_KEY: 'api_key' },
  config: settingsSchema,
  init: createGuard,
});
