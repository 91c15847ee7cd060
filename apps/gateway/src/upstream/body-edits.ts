// What changes in a body on its way upstream: our own fields out, the deployment's defaults in, quirks applied.
import { isJsonObject, type Deployment, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { BodyEdits } from '@turnpike/plugin-sdk';
import { OWN_PARAMETERS } from './client-parameters.js';

export interface Edits {
  set: JsonObject;
  remove: Set<string>;
}

/** Without a prototype: a field that a client calls `__proto__` is a field like any other. */
export const noEdits = (): Edits => ({ set: Object.create(null) as JsonObject, remove: new Set() });

/** Two spellings of one wish: a default for one gives way to either. */
const TWINS: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

/**
 * Edits that every dialect needs. Looks at the body's keys once; an ordinary request comes out with `model` at most.
 * @param model the upstream's name
 */
export const commonEdits = (body: Readonly<JsonObject>, deployment: Deployment, model: string): Edits => {
  const edits = noEdits();
  if (body['model'] !== model) edits.set['model'] = model;
  for (const key in body) {
    if (OWN_PARAMETERS.has(key)) edits.remove.add(key);
  }
  // Metadata is the gateway's unless the provider is asked to store the answer with it.
  if (body['metadata'] !== undefined && body['store'] !== true) edits.remove.add('metadata');
  for (const key in deployment.defaults) {
    const twin = TWINS[key];
    if (isGiven(body[key]) || (twin !== undefined && isGiven(body[twin]))) continue;
    edits.set[key] = deployment.defaults[key];
  }
  merge(edits.set, deployment.extraBody);
  merge(edits.set, extraOf(body));
  return edits;
};

/** What a fallback's entry changes of the request. Which model is called, and whether it streams, is decided by then. */
export const addOverrides = (
  edits: Edits,
  { model: _model, stream: _stream, ...fields }: Readonly<JsonObject>,
): void => {
  for (const key in fields) if (!edits.remove.has(key) && !(key in edits.set)) edits.set[key] = fields[key];
};

const NO_FIELDS: Readonly<JsonObject> = {};

/** What the client puts over its own body. Which model is called, and whether it streams, is decided by then. */
const extraOf = ({ extra_body: given }: Readonly<JsonObject>): Readonly<JsonObject> => {
  if (!isJsonObject(given)) return NO_FIELDS;
  const { model: _model, stream: _stream, extra_body: _more, ...extra } = given;
  return extra;
};

/** The client's whole wish, for those who judge it. */
export const wishOf = (body: Readonly<JsonObject>): Readonly<JsonObject> => {
  const extra = extraOf(body);
  return extra === NO_FIELDS ? body : { ...body, ...extra };
};

const isGiven = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;

const merge = (into: JsonObject, from: Readonly<JsonObject>): void => {
  for (const key in from) into[key] = from[key];
};

/** Later edits win. */
export const addEdits = (edits: Edits, more: BodyEdits | undefined): void => {
  if (!more) return;
  for (const key of more.remove ?? []) {
    edits.remove.add(key);
    delete edits.set[key];
  }
  for (const key in more.set) {
    edits.set[key] = more.set[key];
    edits.remove.delete(key);
  }
};

export const isEmpty = ({ set, remove }: Edits): boolean => {
  if (remove.size > 0) return false;
  for (const _ in set) return false;
  return true;
};

/** The body as it will be, for those who must look at all of it. Shares everything but the top level. */
export const applyEdits = (body: Readonly<JsonObject>, edits: Edits): JsonObject => {
  const edited: JsonObject = { ...body, ...edits.set };
  for (const key of edits.remove) if (!(key in edits.set)) delete edited[key];
  return edited;
};

/**
 * Removes one parameter by path: `response_format`, `tools[*].function.strict`, `metadata.user`.
 * @param valueOf a top-level field as the former edits left it
 * @returns the edits it takes; nothing when the path leads nowhere
 */
export const dropPath = (valueOf: (field: string) => JsonValue | undefined, path: string): BodyEdits | undefined => {
  const steps = path.split(/\.|(?=\[)/).map((step) => step.replace(/^\[(.*)\]$/, '$1'));
  const [top = '', ...deeper] = steps;
  const value = valueOf(top);
  if (value === undefined) return undefined;
  if (deeper.length === 0) return { remove: [top] };
  const changed = without(value, deeper);
  return changed === value ? undefined : { set: { [top]: changed } };
};

/** The very same value where there is nothing to remove. */
const without = (value: JsonValue, [step = '', ...deeper]: readonly string[]): JsonValue => {
  if (Array.isArray(value)) return withoutEntries(value, step, deeper);
  const inner = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  if (!isJsonObject(value) || inner === undefined) return value;
  if (deeper.length > 0) {
    const changed = without(inner, deeper);
    return changed === inner ? value : { ...value, [step]: changed };
  }
  const { [step]: _gone, ...rest } = value;
  return rest;
};

const withoutEntries = (list: JsonValue[], step: string, deeper: readonly string[]): JsonValue[] => {
  const isMeant = (index: number): boolean => step === '*' || step === String(index);
  const changed =
    deeper.length === 0
      ? list.filter((_, index) => !isMeant(index))
      : list.map((entry, index) => (isMeant(index) ? without(entry, deeper) : entry));
  const isSame = changed.length === list.length && changed.every((entry, index) => entry === list[index]);
  return isSame ? list : changed;
};
