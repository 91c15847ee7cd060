// Tools: which there are, which must be called, and what their schemas may say.
import {
  editEach,
  isJsonObject,
  passUnsupported,
  withoutFields,
  type Call,
  type JsonObject,
  type JsonValue,
} from '@turnpike/plugin-sdk';
import type { Draft } from './draft.js';
import type { Quirks } from './host-row.js';

/** OpenAI's first spelling of tools, which few hosts ever learnt. */
export const adaptLegacyFunctions = (draft: Draft): void => {
  const { functions, choice } = { functions: draft.get('functions'), choice: draft.get('function_call') };
  draft.drop('functions');
  draft.drop('function_call');
  if (Array.isArray(functions) && draft.get('tools') === undefined) {
    draft.put(
      'tools',
      functions.map((described) => ({ type: 'function', function: described })),
    );
  }
  if (choice !== undefined && choice !== null && draft.get('tool_choice') === undefined) {
    draft.put('tool_choice', isJsonObject(choice) ? { type: 'function', function: choice } : choice);
  }
};

export const adaptToolChoice = (draft: Draft, call: Call, rules: NonNullable<Quirks['toolChoice']>): void => {
  const choice = draft.get('tool_choice');
  if (choice === 'none' && rules.none) {
    draft.drop('tool_choice');
    draft.drop('tools');
  } else if (choice === 'required' && rules.required === 'any') {
    draft.put('tool_choice', 'any');
  } else if (isJsonObject(choice) && rules.tool === 'alone') {
    offerAlone(draft, choice);
  } else if ((choice === 'required' && rules.required) || (isJsonObject(choice) && rules.tool)) {
    if (!passUnsupported(call.policy, 'tool_choice', 'it lets the model choose')) draft.drop('tool_choice');
  }
};

const nameOf = (described: JsonValue | undefined): JsonValue | undefined =>
  isJsonObject(described) && isJsonObject(described['function']) ? described['function']['name'] : undefined;

/** A model that must call a tool and sees one calls that one. */
const offerAlone = (draft: Draft, choice: JsonObject): void => {
  const tools = draft.get('tools');
  if (!Array.isArray(tools)) return;
  draft.put(
    'tools',
    tools.filter((tool) => nameOf(tool) === nameOf(choice)),
  );
  draft.put('tool_choice', 'required');
};

const isStrict = (tool: JsonValue): boolean =>
  isJsonObject(tool) && isJsonObject(tool['function']) && tool['function']['strict'] === true;

/** `strict` only promises that arguments follow the schema, so a host without it still gets the schema; it is noted. */
export const adaptTools = (draft: Draft, call: Call, quirks: Quirks): void => {
  const tools = draft.get('tools');
  if (!Array.isArray(tools)) return;
  const adapted = editEach(tools, (tool) => {
    const bare = quirks.knowsCacheControl || quirks.isTransparent ? tool : withoutFields(tool, ['cache_control']);
    const described = bare['function'];
    if (!isJsonObject(described)) return bare;
    const plain = quirks.toolStrict === false ? withoutFields(described, ['strict']) : described;
    const schema = withoutKeywords(plain['parameters'], quirks.schemaLacks ?? []);
    const edited = schema === plain['parameters'] ? plain : { ...plain, parameters: schema };
    return edited === described ? bare : { ...bare, function: edited };
  });
  if (quirks.toolStrict === false && tools.some(isStrict)) call.policy.dropped.push('tools[*].function.strict');
  draft.put('tools', adapted);
};

/** Takes keywords out of a schema at any depth; names of properties that happen to be keywords stay. */
const withoutKeywords = (schema: JsonValue | undefined, keywords: readonly string[]): JsonValue | undefined => {
  if (keywords.length === 0) return schema;
  if (Array.isArray(schema)) {
    const edited = schema.map((entry) => withoutKeywords(entry, keywords) ?? null);
    return edited.some((entry, index) => entry !== schema[index]) ? edited : schema;
  }
  if (!isJsonObject(schema)) return schema;
  let edited = withoutFields(schema, keywords);
  for (const [key, value] of Object.entries(edited)) {
    const inner =
      key === 'properties' && isJsonObject(value) ? eachProperty(value, keywords) : withoutKeywords(value, keywords);
    if (inner !== value) edited = { ...edited, [key]: inner };
  }
  return edited;
};

const eachProperty = (properties: JsonObject, keywords: readonly string[]): JsonObject => {
  let edited = properties;
  for (const [name, schema] of Object.entries(properties)) {
    const inner = withoutKeywords(schema, keywords);
    if (inner !== schema) edited = { ...edited, [name]: inner };
  }
  return edited;
};
