/** Keys, tokens and passwords in what is asked and answered. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { SECRET_KINDS } from './find.js';
import { createGuard } from './guard.js';

const settingsSchema = z.strictObject({
  action: z.enum(['mask', 'block', 'log']).default('mask'),
  replacement: z.string().default('[REDACTED]').describe('What a mask puts in; {kind} is the kind of secret'),
  except: z.array(z.enum(SECRET_KINDS)).default([]).describe('Kinds that are let through'),
  detect_secrets_config: z
    .record(z.string(), z.unknown())
    .nullish()
    .describe("LiteLLM's choice of detectors; read and not used: leave kinds out by except"),
});

export type Settings = z.output<typeof settingsSchema>;

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.secrets',
  capabilities: ['preCall', 'postCall'],
  aliases: ['secrets', 'hide-secrets', 'hide_secrets'],
  config: settingsSchema,
  init: createGuard,
});
