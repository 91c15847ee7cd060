// Columns of many rows as parameters of one statement: PostgreSQL's text form of an array, made without a copy a value.
type Text = string | null | undefined;

/** What stands bare in an array: no quotes, no separators, and nothing that reads as NULL. */
const NEEDS_ESCAPE = /["\\]/;
const ESCAPED = /["\\]/g;

const quoted = (value: Text): string => {
  if (value === undefined || value === null) return 'NULL';
  return NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`;
};

/** For `$n::text[]`, `$n::uuid[]`, `$n::date[]`. */
export const texts = (values: readonly Text[]): string => `{${values.map(quoted).join(',')}}`;

/** For `$n::bigint[]`, `$n::integer[]`, `$n::float8[]`. */
export const numbers = (values: readonly (number | null | undefined)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`;

/** For `$n::boolean[]`. */
export const flags = (values: readonly boolean[]): string => `{${values.map((flag) => (flag ? 't' : 'f')).join(',')}}`;

/** For `string_to_array($n, E'\n')::jsonb[]`: a document a line, as JSON has no line break of its own. */
export const documents = (values: readonly unknown[]): string =>
  values.map((value) => JSON.stringify(value)).join('\n');
