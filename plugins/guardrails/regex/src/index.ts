/** Rules of patterns and words, matched in linear time. */
import { definePlugin } from '@turnpike/plugin-sdk';
import { createGuard } from './guard.js';
import { compileRules } from './rules.js';
import { settingsSchema, toRules } from './settings.js';

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.regex',
  capabilities: ['preCall', 'postCall'],
  aliases: ['regex', 'keywords', 'word-list', 'litellm_content_filter', 'banned_keywords'],
  config: settingsSchema,
  init: (settings, host) => createGuard(compileRules(toRules(settings)), host),
});
