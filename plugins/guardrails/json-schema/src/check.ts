// JSON text against JSON Schema (draft 2020-12 and what earlier drafts have in common with it).
import type { JsonObject } from '@turnpike/plugin-sdk';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isTimeout, within } from './bounded.js';

/** Compiling and checking all answers of a call together: nobody else is served meanwhile. */
const MOST_MS = 1_000;
/** Clients send the same few schemas again and again. */
const MOST_SCHEMAS = 100;
const MOST_SCHEMA_LENGTH = 256 * 1024;

/**
 * @param texts every one of which has to fit
 * @returns what is wrong, to follow "the answer"; undefined when nothing is. Neither text nor schema is told.
 */
export type SchemaChecker = (texts: readonly string[], schema: JsonObject) => string | undefined;

export const createSchemaChecker = (): SchemaChecker => {
  /** Oldest first. */
  const compiled = new Map<string, ValidateFunction>();
  const compile = (schema: JsonObject): ValidateFunction => {
    const key = JSON.stringify(schema);
    if (key.length > MOST_SCHEMA_LENGTH) throw new Error(`it is longer than ${MOST_SCHEMA_LENGTH} characters`);
    const validate = compiled.get(key) ?? compileSchema(schema);
    compiled.delete(key);
    compiled.set(key, validate);
    if (compiled.size > MOST_SCHEMAS) compiled.delete(compiled.keys().next().value!);
    return validate;
  };
  return (texts, schema) => {
    const values = texts.map(parse);
    if (!values.every((value) => value !== undefined)) return 'is not JSON';
    try {
      return within(MOST_MS, () => {
        const validate = compile(schema);
        return values.map(({ parsed }) => problemOf(validate, parsed)).find((problem) => problem !== undefined);
      });
    } catch (error) {
      if (isTimeout(error)) return `cannot be checked against its schema within ${MOST_MS} ms`;
      return `cannot be checked: its schema cannot be used (${(error as Error).message.slice(0, 200)})`;
    }
  };
};

const compileSchema = ({ $schema: _dialect, ...schema }: JsonObject): ValidateFunction => {
  // One for each schema: names that two schemas share would meet.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, inlineRefs: false, logger: false });
  return ajv.compile(schema);
};

const problemOf = (validate: ValidateFunction, value: unknown): string | undefined => {
  if (validate(value)) return undefined;
  const { instancePath, message = 'does not fit' } = validate.errors![0]!;
  return `does not fit its schema: ${instancePath || 'it'} ${message}`;
};

const parse = (text: string): { parsed: unknown } | undefined => {
  try {
    return { parsed: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
};
