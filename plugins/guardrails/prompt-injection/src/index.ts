/** Texts that try to talk a model out of what it was told. */
import { definePlugin, textsOfRequest, z, type ChatRequest, type GuardrailVerdict } from '@turnpike/plugin-sdk';
import { findSigns, SIGN_NAMES } from './signs.js';

const settingsSchema = z.strictObject({
  action: z.enum(['block', 'log']).default('block'),
  roles: z
    .array(z.enum(['system', 'user', 'assistant', 'tool']))
    .min(1)
    .default(['user', 'tool'])
    .describe('Whose words are looked at'),
  except: z.array(z.enum(SIGN_NAMES)).default([]).describe('Signs that are not looked for'),
});

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.prompt-injection',
  capabilities: ['preCall', 'duringCall'],
  aliases: ['prompt-injection', 'prompt_injection', 'detect_prompt_injection'],
  config: settingsSchema,
  init: ({ action, roles, except }, host) => {
    const judge = (request: ChatRequest): GuardrailVerdict<never> => {
      const texts = textsOfRequest(request).filter(({ role }) => roles.includes(role));
      const signs = [...new Set(texts.flatMap(({ text }) => findSigns(text)))].filter((sign) => !except.includes(sign));
      if (signs.length === 0) return { action: 'pass' };
      host.metrics.count('found', signs.length);
      host.log.warn('a text tries to talk the model out of what it was told', { signs: signs.join(', '), action });
      if (action === 'log') return { action: 'pass' };
      const message = `the text looks like an attempt to override instructions (${signs.join(', ')}).`;
      return { action: 'block', message, details: { signs } };
    };
    const check = (request: ChatRequest): Promise<GuardrailVerdict<never>> => Promise.resolve(judge(request));
    return { preCall: { check }, duringCall: { check } };
  },
});
