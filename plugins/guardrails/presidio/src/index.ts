/** Personal data as Microsoft Presidio finds it. */
import { definePlugin, z } from '@turnpike/plugin-sdk';
import { createGuard } from './guard.js';

const address = z.url({ protocol: /^https?$/ });
const entity = z.string().regex(/^[A-Z][A-Z_]{0,47}$/, 'Entities are written in capitals, such as PERSON or US_SSN.');

const settingsSchema = z.strictObject({
  presidio_analyzer_api_base: address.describe('Address of the analyzer'),
  presidio_anonymizer_api_base: address.nullish().describe('Address of the anonymizer; without it <ENTITY> is put in'),
  pii_entities_config: z
    .record(entity, z.enum(['MASK', 'BLOCK']))
    .nullish()
    .describe('Entities to look for and what to do; whatever is found is masked by default'),
  presidio_language: z.string().min(2).default('en'),
  presidio_score_thresholds: z
    .record(entity, z.number().min(0).max(1))
    .nullish()
    .describe('Entity, or ALL → lowest score that counts'),
  presidio_entities_deny_list: z.array(entity).nullish().describe('Entities that are let through'),
  presidio_filter_scope: z.enum(['input', 'output', 'both']).default('both'),
  output_parse_pii: z.boolean().default(false).describe('Put the data back into the answer; needs the mode post_call'),
});

export type Settings = z.output<typeof settingsSchema>;

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.presidio',
  capabilities: ['preCall', 'postCall'],
  aliases: ['presidio'],
  env: {
    PRESIDIO_ANALYZER_API_BASE: 'presidio_analyzer_api_base',
    PRESIDIO_ANONYMIZER_API_BASE: 'presidio_anonymizer_api_base',
  },
  config: settingsSchema,
  init: createGuard,
});
