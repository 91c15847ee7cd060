/** Personal data: hidden from the provider by placeholders, which the answer gives back. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { createGuard } from './guard.js';
import { KINDS } from './kinds.js';

const settingsSchema = z.strictObject({
  entities: z
    .partialRecord(z.enum(KINDS), z.enum(['mask', 'block', 'log']))
    .refine((entities) => Object.keys(entities).length > 0, { error: 'Name at least one kind of personal data.' })
    .optional()
    .describe('Kinds to look for and what to do; all kinds are masked by default'),
  restore: z.boolean().default(true).describe('Put the data back into the answer; needs the mode post_call'),
  answers: z
    .enum(['mask', 'leave'])
    .default('mask')
    .describe('What is done about personal data that the model itself brings up'),
});

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.pii',
  capabilities: ['preCall', 'postCall'],
  aliases: ['pii'],
  config: settingsSchema,
  init: ({ entities, restore, answers }, host) =>
    createGuard(
      {
        entities: entities ?? Object.fromEntries(KINDS.map((kind) => [kind, 'mask' as const])),
        isRestored: restore,
        areAnswersMasked: answers === 'mask',
      },
      host,
    ),
});
