/** Keys, tokens and passwords in what is asked and answered. */
import {
  changeRequestTexts,
  changeResponseTexts,
  definePlugin,
  replaceFindings,
  z,
  type ChangeText,
  type GuardrailVerdict,
} from '@turnpike/plugin-sdk';
import { findSecrets, SECRET_KINDS, type SecretKind } from './find.js';

const settingsSchema = z.strictObject({
  action: z.enum(['mask', 'block', 'log']).default('mask'),
  replacement: z.string().default('[REDACTED]').describe('What a mask puts in; {kind} is the kind of secret'),
  except: z.array(z.enum(SECRET_KINDS)).default([]).describe('Kinds that are let through'),
  detect_secrets_config: z
    .record(z.string(), z.unknown())
    .nullish()
    .describe("LiteLLM's choice of detectors; read and not used: leave kinds out by except"),
});

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.secrets',
  capabilities: ['preCall', 'postCall'],
  aliases: ['secrets', 'hide-secrets', 'hide_secrets'],
  config: settingsSchema,
  init: ({ action, replacement, except }, host) => {
    const isSought = (kind: SecretKind): boolean => !except.includes(kind);
    /** @param change runs through all texts of `value` */
    const verdictOf = <T>(value: T, change: (change: ChangeText) => T): GuardrailVerdict<T> => {
      const kinds = new Set<SecretKind>();
      const masked = change((text, { key }) => {
        const found = findSecrets(text, key).filter(({ kind }) => isSought(kind));
        for (const { kind } of found) kinds.add(kind);
        return action === 'mask'
          ? replaceFindings(text, found, ({ kind }) => replacement.replaceAll('{kind}', kind))
          : text;
      });
      if (kinds.size === 0) return { action: 'pass' };
      host.metrics.count('found', kinds.size);
      host.log.warn('secrets were found', { kinds: [...kinds].join(', '), action });
      if (action === 'mask') return masked === value ? { action: 'pass' } : { action: 'replace', value: masked };
      if (action === 'log') return { action: 'pass' };
      return {
        action: 'block',
        message: `the text holds secrets (${[...kinds].join(', ')}). Take them out.`,
        details: { kinds: [...kinds] },
      };
    };
    return {
      preCall: {
        check: (request) => Promise.resolve(verdictOf(request, (change) => changeRequestTexts(request, change))),
      },
      postCall: {
        check: (response) => Promise.resolve(verdictOf(response, (change) => changeResponseTexts(response, change))),
      },
    };
  },
});
