/** Asks a service of your own, in the words of LiteLLM's generic guardrail API. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { createGuard } from './guard.js';
import { settingsSchema } from './settings.js';

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.webhook',
  capabilities: ['preCall', 'duringCall', 'postCall'],
  aliases: ['webhook', 'generic_guardrail_api'],
  env: { GENERIC_GUARDRAIL_API_BASE: 'api_base', GENERIC_GUARDRAIL_API_KEY: 'api_key' },
  config: settingsSchema,
  init: createGuard,
});
