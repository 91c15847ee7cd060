// Stored settings: LiteLLM's JSON from and to the ledger's messages.
import {
  isStorableSetting,
  SETTING_KEYS,
  STORED_SECTIONS,
  type SettingKey,
  type StoredSettings,
} from '@turnpike/config';
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { bodyOf, must, required } from './body.js';
import { objectSchema } from './kinds.js';

const section = z.enum(STORED_SECTIONS as [string, ...string[]], {
  error: must(`be one of ${STORED_SECTIONS.join(', ')}`),
});

export const configBody = bodyOf(Object.fromEntries(STORED_SECTIONS.map((name) => [name, objectSchema.nullish()])));
export const fieldBody = bodyOf({
  field_name: required,
  field_value: z.unknown().describe('null takes the field away'),
  config_type: section.default('general_settings'),
});
export const fieldDeleteBody = bodyOf({ field_name: required, config_type: section.default('general_settings') });
export const callbackDeleteBody = bodyOf({ callback_name: required });
export const listQuery = z.object({
  config_type: section.default('general_settings').describe(STORED_SECTIONS.join(', ')),
});
export const fieldQuery = z.object({ field_name: z.string({ error: must('be the name of a setting') }) });

export const fieldAnswer = z.object({
  field_name: z.string(),
  field_type: z.string(),
  field_description: z.string(),
  field_value: z.unknown(),
  stored_in_db: z.boolean().nullable().describe('False: the configuration file has it'),
  field_default_value: z.unknown(),
  premium_field: z.boolean(),
  nested_fields: z.null(),
});
export const rowAnswer = z.object({ param_name: z.string(), param_value: objectSchema });

const TYPES: Partial<Record<SettingKey['type'], string>> = {
  switch: 'Boolean',
  count: 'Integer',
  number: 'Float',
  seconds: 'Float',
  text: 'String',
  duration: 'String',
  texts: 'List',
  list: 'List',
};

/** Storable settings that are at home in a section. */
export const fieldNames = (home: string): string[] =>
  [...SETTING_KEYS].flatMap(([name, { homes }]) =>
    isStorableSetting(name) && `${homes[0]}_settings` === home ? [name] : [],
  );

/** By name, whichever section they were put into. */
export const storedFields = (settings: StoredSettings): JsonObject =>
  Object.fromEntries(Object.values(settings).flatMap((fields) => Object.entries(fields)));

/**
 * @param value as it is in use
 * @param stored by name
 */
export const fromField = (name: string, value: JsonValue | undefined, stored: JsonObject): JsonObject => ({
  field_name: name,
  field_type: TYPES[SETTING_KEYS.get(name)!.type] ?? 'Dictionary',
  field_description: `${name}: see docs/configuration.md`,
  field_value: value ?? null,
  stored_in_db: Object.hasOwn(stored, name) ? true : value === undefined ? null : false,
  field_default_value: null,
  premium_field: false,
  nested_fields: null,
});
