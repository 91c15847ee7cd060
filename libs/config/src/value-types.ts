// What a setting may hold, and how forgiving we are about its spelling.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { normaliseDuration, parseDurationMs } from './duration.js';

/** Type names of the settings table and what reading one gives. */
export interface ValueTypes {
  switch: boolean;
  number: number;
  /** A whole number from 0. */
  count: number;
  /** Seconds; `30`, `"30"` and `"30s"` are the same. */
  seconds: number;
  text: string;
  /** A text or a list of texts. */
  texts: string[];
  /** `30d`, `1mo` … in the short spelling. */
  duration: string;
  list: JsonValue[];
  map: JsonObject;
  'switch or text': boolean | string;
  any: JsonValue;
}

export type TypeName = keyof ValueTypes;

const EXPECTED: Readonly<Record<TypeName, string>> = {
  switch: 'true or false',
  number: 'a number',
  count: 'a whole number, 0 or more',
  seconds: 'a number of seconds',
  text: 'text',
  texts: 'text or a list of texts',
  duration: "a duration such as '30d'",
  list: 'a list',
  map: 'a map',
  'switch or text': 'true, false or text',
  any: 'anything',
};

const SWITCHES: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

const asSwitch = (value: JsonValue): boolean | undefined =>
  typeof value === 'boolean' ? value : isScalar(value) ? SWITCHES[String(value).trim().toLowerCase()] : undefined;

const asNumber = (value: JsonValue): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const read = Number(value);
  return Number.isFinite(read) ? read : undefined;
};

const isScalar = (value: JsonValue): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const asText = (value: JsonValue): string | undefined => (isScalar(value) ? String(value) : undefined);

const asTexts = (value: JsonValue): string[] | undefined => {
  if (!Array.isArray(value)) return isScalar(value) ? [String(value)] : undefined;
  return value.every(isScalar) ? value.map(String) : undefined;
};

const asSeconds = (value: JsonValue): number | undefined => {
  const plain = asNumber(value);
  if (plain !== undefined) return plain >= 0 ? plain : undefined;
  const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
  return ms === undefined ? undefined : ms / 1_000;
};

const READERS: { readonly [T in TypeName]: (value: JsonValue) => ValueTypes[T] | undefined } = {
  switch: asSwitch,
  number: asNumber,
  count: (value) => {
    const read = asNumber(value);
    return read !== undefined && Number.isSafeInteger(read) && read >= 0 ? read : undefined;
  },
  seconds: asSeconds,
  text: asText,
  texts: asTexts,
  duration: (value) => (typeof value === 'string' ? normaliseDuration(value) : undefined),
  list: (value) => (Array.isArray(value) ? value : undefined),
  map: (value) => (isJsonObject(value) ? value : undefined),
  'switch or text': (value) => asSwitch(value) ?? asText(value),
  any: (value) => value,
};

/** Reads a value leniently: `"10"` is a number and `"True"` a switch. Undefined when it cannot be read as `type`. */
export const readValue = <T extends TypeName>(type: T, value: JsonValue): ValueTypes[T] | undefined =>
  READERS[type](value);

/** `null`, and `none` for a duration: written, but says nothing. */
export const saysNothing = (type: TypeName, value: JsonValue | undefined): boolean =>
  value === undefined ||
  value === null ||
  (type === 'duration' && typeof value === 'string' && ['', 'none', 'null'].includes(value.trim().toLowerCase()));

/** `must be a number, not 'abc'.` Never shows the value of a secret. */
export const wrongType = (type: TypeName, value: JsonValue, isSecret: boolean): string => {
  const shown = Array.isArray(value)
    ? 'a list'
    : isJsonObject(value)
      ? 'a map'
      : value === null
        ? 'nothing'
        : isSecret
          ? 'what is written'
          : `'${String(value).slice(0, 60)}'`;
  return `must be ${EXPECTED[type]}, not ${shown}.`;
};
