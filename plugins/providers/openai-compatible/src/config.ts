// Settings of one host: credentials, base URL and what else its row asks for.
import { z } from '@turnpike/plugin-sdk';
import type { HostRow } from './host-row.js';

export interface HostSettings {
  readonly api_key?: string;
  readonly api_base: string;
  readonly [setting: string]: string | undefined;
}

/** `nano-gpt` → `NANO_GPT`. */
const variablePrefix = (prefix: string): string => prefix.toUpperCase().replace(/[^A-Z0-9]/g, '_');

const keyVariables = (row: HostRow): readonly string[] => row.keys ?? [`${variablePrefix(row.prefix)}_API_KEY`];

/** Environment variable → setting. */
export const environmentOf = (row: HostRow): Record<string, string> => {
  const settings = Object.entries(row.settings ?? {}).flatMap(([name, { env = [] }]) =>
    env.map((variable) => [variable, name]),
  );
  return Object.fromEntries([
    ...keyVariables(row).map((variable) => [variable, 'api_key']),
    ...(row.bases ?? [`${variablePrefix(row.prefix)}_API_BASE`]).map((variable) => [variable, 'api_base']),
    ...settings,
  ]) as Record<string, string>;
};

/** Settings that a base has places for; `model` is no setting. */
const placesOf = (base: string): string[] =>
  [...base.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).filter((name) => name !== 'model');

/**
 * Sets of settings of which one is enough, for those who read the schema without parsing by it. Absent where the usual
 * rule holds: a cloud wants a key, a server of one's own does not.
 */
const alternativesOf = ({ base = '', settings = {}, needsKey = true }: HostRow): string[][] | undefined => {
  const places = placesOf(base).filter((name) => settings[name]?.default === undefined);
  if (places.length > 0) return [[...(needsKey ? ['api_key'] : []), ...places], ['api_base']];
  return !needsKey && base.startsWith('https://') ? [[]] : undefined;
};

const url = z.url({ protocol: /^https?$/ });

export const configOf = (row: HostRow): z.ZodType<HostSettings> => {
  const { base, settings = {}, needsKey = true } = row;
  const described = 'Base URL, version included';
  const shape = {
    api_key: z.string().optional().describe('API key'),
    api_base: (base === undefined ? url : url.default(base)).describe(described),
    ...Object.fromEntries(
      Object.entries(settings).map(([name, setting]) => {
        const text = z.string().min(1);
        return [
          name,
          (setting.default === undefined ? text.optional() : text.default(setting.default)).describe(setting.describe),
        ];
      }),
    ),
  };
  const checked = z.strictObject(shape).superRefine((value, context) => {
    const given = value as HostSettings;
    if (needsKey && !given.api_key && given.api_base === base) {
      const message = `is missing: set ${keyVariables(row)[0]}, or api_key in litellm_params`;
      context.addIssue({ code: 'custom', path: ['api_key'], message });
    }
    for (const name of placesOf(given.api_base)) {
      if (given[name] !== undefined) continue;
      const variable = settings[name]?.env?.[0];
      const message = `is missing: ${variable ? `set ${variable}, or ` : 'set '}${name} in litellm_params`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });
  const anyOf = alternativesOf(row)?.map((required) => ({ required }));
  return anyOf ? checked.meta({ anyOf }) : checked;
};
