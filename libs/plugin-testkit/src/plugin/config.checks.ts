// Settings: misspelt keys fail, bad values fail, and a form can be drawn.
import { z, type JsonObject } from '@turnpike/plugin-sdk';
import { check, must, type Check } from '../check.js';
import { findSecret, isSecretName, secretsOf } from '../secrets.js';
import type { PluginSubject } from './conformance.js';

const UNKNOWN_KEY = 'zz_no_such_key';

export const configChecks = (subject: PluginSubject): Check[] => {
  const schema = subject.plugin.config;
  return [
    check('config/valid', 'takes the given config', () => {
      const parsed = schema.safeParse(subject.config);
      must(parsed.success, () => `It does not: ${parsed.error?.message}`);
    }),
    check('config/strict', 'refuses a key it does not know', () => {
      const parsed = schema.safeParse({ ...subject.config, [UNKNOWN_KEY]: 1 });
      must(!parsed.success, 'It took one; use z.strictObject.');
      must(parsed.error.message.includes(UNKNOWN_KEY), `The message does not name the key: ${parsed.error.message}`);
    }),
    check('config/form', 'turns into JSON Schema', () => {
      const form = z.toJSONSchema(schema, { io: 'input' }) as JsonObject;
      must(form['type'] === 'object' || form['anyOf'] || form['oneOf'], 'The settings are no object.');
    }),
    check('config/secret', 'has a secret in the given config where the settings hold one', () => {
      const form = z.toJSONSchema(schema, { io: 'input' }) as { properties?: object };
      const named = Object.keys(form.properties ?? {}).filter(isSecretName);
      must(
        named.length === 0 || secretsOf(subject.config).length > 0,
        `Give a made-up ${named.join(' or ')}, so that the suite can look where it turns up.`,
      );
    }),
    ...badConfigs(subject).map((bad, index) =>
      check(`config/bad-${index}`, 'refuses a bad config without telling its secrets', () => {
        const parsed = schema.safeParse(bad);
        must(!parsed.success, () => `It took ${JSON.stringify(bad)}`);
        must(!findSecret(parsed.error, secretsOf(subject.config)), 'The error tells a secret.');
      }),
    ),
  ];
};

const badConfigs = ({ badConfig }: PluginSubject): readonly unknown[] =>
  badConfig === undefined ? [] : Array.isArray(badConfig) ? (badConfig as unknown[]) : [badConfig];
