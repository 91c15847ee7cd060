// Values that are secret because of what they are assigned to: `password=…`, `"api_key": "…"`, `Bearer …`.
import type { Finding } from '@turnpike/plugin-sdk';
import { looksRandom } from './randomness.js';

const PASSWORD_NAME = 'password|passwd|passphrase|pwd';
const TOKEN_NAME =
  'secret|token|credential|api[_-]?key|access[_-]?key|account[_-]?key|auth[_-]?key|private[_-]?key|secret[_-]?key';

const QUOTE = String.raw`["'\x60]?`;
const SIGN = String.raw`[ \t]{0,8}(?:=>|:=|==?|:)[ \t]{0,8}`;
const VALUE = String.raw`[^\s"'\x60,;<>(){}[\]]{8,4096}`;

const ASSIGNED = new RegExp(`(?:(${PASSWORD_NAME})|${TOKEN_NAME})${QUOTE}${SIGN}${QUOTE}(${VALUE})`, 'gi');
const BEARER = /(?<![\w-])(?:Bearer|Basic)[ \t]{1,8}([\w.~+/=-]{16,4096})/gi;
const CREDENTIALS = /(?<![\w+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/?#]{0,256}:([^\s@/]{3,256})@(?=[\w[])/gi;

const NAMES_PASSWORD = new RegExp(`(?:${PASSWORD_NAME})$`, 'i');
const NAMES_TOKEN = new RegExp(`(?:${TOKEN_NAME})$`, 'i');

/** What stands where a secret will be: `${PASSWORD}`, `<password>`, `{{token}}`, `****`, `%s`, `$TOKEN`, `password`. */
const PLACEHOLDER =
  /^(?:[$%<{[].*|(?:\*+|x+|\.+)|(?:your|my|the|some|example|dummy|fake|test)[-_].*|pass|passwd|password|pwd|secret)$/i;

export const findAssignments = (text: string): Finding[] =>
  valuesOf(text, ASSIGNED, 2).filter(({ value, match }) => isSecretValue(value, match[1] !== undefined));

export const findBearers = (text: string): Finding[] =>
  valuesOf(text, BEARER, 1).filter(({ value }) => looksRandom(value, 16));

/** The passwords alone: the rest of an address is of use to the model. */
export const findCredentials = (text: string): Finding[] =>
  text.includes('://') ? valuesOf(text, CREDENTIALS, 1).filter(({ value }) => !PLACEHOLDER.test(value)) : [];

/** A property called by such a name, and its whole value. */
export const isSecretProperty = (key: string, value: string): boolean =>
  !/\s/.test(value) &&
  (NAMES_PASSWORD.test(key) ? isSecretValue(value, true) : NAMES_TOKEN.test(key) && isSecretValue(value, false));

/** People make up passwords, machines make tokens. */
const isSecretValue = (value: string, isPassword: boolean): boolean =>
  !PLACEHOLDER.test(value) && (isPassword ? looksRandom(value, 8, 2) : looksRandom(value, 16));

const valuesOf = (
  text: string,
  pattern: RegExp,
  group: number,
): (Finding & { value: string; match: RegExpExecArray })[] =>
  Array.from(text.matchAll(pattern), (match) => {
    const value = match[group]!;
    // The value is the last thing in each expression, but for the @ of an address.
    const start = match.index + match[0].lastIndexOf(value);
    return { start, end: start + value.length, value, match };
  });
