// The fields of a noun as a table: the name in JSON, the place in the message, and how a value goes from one to the other.
// All else follows from it: what is read, what an update means, what is answered, and the schemas of both.
import type { JsonObject } from '@turnpike/domain';
import type { z } from '@turnpike/plugin-sdk';
import type { Field } from './kinds.js';

/** What was sent, checked by the schema of its route. */
export type Body = Readonly<Record<string, unknown>>;

/** By LiteLLM's name. */
export type FieldTable = Readonly<Record<string, Field>>;

/** A message, of which only what was given is there; the ledger's client fills in the rest. */
export type Filled<Message> = { -readonly [Name in keyof Message]?: Message[Name] };

export interface Changes<Message> {
  changes: Filled<Message>;
  /** Paths of `changes` that are meant. */
  updateMask: string[];
}

/** What is given; null is as good as absent. */
export const readNew = <Message>(table: FieldTable, body: Body): Filled<Message> => {
  const message: Tree = {};
  for (const [name, field] of given(table, body)) {
    const value = body[name];
    if (value !== null) place(message, partsOf(field.path), field.read(value));
  }
  return message as Filled<Message>;
};

/** What is given is meant: null clears, and what is absent stays. */
export const readChanges = <Message>(table: FieldTable, body: Body): Changes<Message> => {
  const fields = given(table, body);
  return {
    changes: readNew<Message>(table, body),
    // Two names of one field, such as soft and hard spellings, are one path.
    updateMask: [...new Set(fields.map(([, { path }]) => path))],
  };
};

/** What a message says, by LiteLLM's names. */
export const writeFields = (table: FieldTable, message: object): JsonObject => {
  const answer: JsonObject = {};
  for (const [name, field] of Object.entries(table)) {
    const value = field.write(find(message, partsOf(field.path)));
    if (value !== undefined) answer[name] = value;
  }
  return answer;
};

/** Every name that may be given, with null: what LiteLLM answers of fields that were not. */
export const emptyFields = (table: FieldTable): JsonObject =>
  Object.fromEntries(Object.entries(table).flatMap(([name, { isReadOnly }]) => (isReadOnly ? [] : [[name, null]])));

/** For the schema of a body. */
export const requestShape = (table: FieldTable): Record<string, z.ZodType> =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, { schema, isReadOnly }]) => (isReadOnly ? [] : [[name, schema.nullish()]])),
  );

/** For the schema of an answer. */
export const answerShape = (table: FieldTable): Record<string, z.ZodType> =>
  Object.fromEntries(
    Object.entries(table).map(([name, { answer, isFolded }]) => [name, isFolded ? answer.optional() : answer]),
  );

const given = (table: FieldTable, body: Body): [string, Field][] =>
  Object.entries(table).filter(([name, { isReadOnly }]) => !isReadOnly && body[name] !== undefined);

type Tree = Record<string, unknown>;

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Names within metadata are LiteLLM's own, and stay as they are. */
const partsOf = (path: string): string[] => {
  const parts = path.split('.');
  return parts[0] === 'metadata' ? parts : parts.map(camelCase);
};

const place = (tree: Tree, [name = '', ...deeper]: readonly string[], value: unknown): void => {
  if (deeper.length === 0) {
    tree[name] = value;
    return;
  }
  // A copy: what stands there may be a part of the caller's body.
  const branch: Tree = { ...(tree[name] as Tree | undefined) };
  tree[name] = branch;
  place(branch, deeper, value);
};

const find = (tree: unknown, parts: readonly string[]): unknown => {
  let value = tree;
  for (const part of parts) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, part) ? (value as Tree)[part] : undefined;
  }
  return value;
};
