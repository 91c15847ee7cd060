/** What Gemini refuses with 400: fields that it does not know, schema words that it lacks, lost thought signatures. */
import { unknownField, wordSet } from './format.mjs';
import { error } from './gemini.reply.mjs';

/** @typedef {import('./server.mjs').Call} Call */
/** @typedef {import('./server.mjs').Reply} Reply */

const TOP_FIELDS = wordSet(`
  contents systemInstruction system_instruction generationConfig generation_config safetySettings safety_settings tools
  toolConfig tool_config cachedContent cached_content labels serviceTier service_tier model`);

const CONFIG_FIELDS = wordSet(`
  temperature topP topK candidateCount maxOutputTokens stopSequences presencePenalty frequencyPenalty seed
  responseMimeType responseSchema responseJsonSchema responseModalities responseLogprobs logprobs speechConfig
  mediaResolution thinkingConfig imageConfig routingConfig enableEnhancedCivicAnswers`);

const SCHEMA_WORDS = wordSet(`
  type format title description nullable default enum items minItems maxItems properties required minProperties
  maxProperties minLength maxLength pattern minimum maximum example anyOf propertyOrdering`);

/** @param {Call} call @param {string} model @returns {Reply | undefined} */
export function invalidGeneration({ request: { body }, strict }, model) {
  if (typeof body !== 'object') return error(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.');
  if (!Array.isArray(body.contents) || body.contents.length === 0) {
    return error(400, 'INVALID_ARGUMENT', '* GenerateContentRequest.contents: contents is not specified\n');
  }
  if (/gemini-3/.test(model) && lacksSignature(body.contents)) {
    return error(
      400,
      'INVALID_ARGUMENT',
      'Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly.',
    );
  }
  if (!strict) return undefined;
  const unknown = unknownField(body, TOP_FIELDS);
  if (unknown) return unknownName(unknown, '');
  const config = body.generationConfig ?? {};
  const setting = unknownField(config, CONFIG_FIELDS);
  if (setting) return unknownName(setting, 'generation_config');
  const [word, place] =
    unknownWord(config.responseSchema, 'generation_config.response_schema') ?? unknownToolWord(body.tools ?? []) ?? [];
  return word === undefined ? undefined : unknownName(word, place ?? '');
}

/** @param {string} name @param {string} place */
function unknownName(name, place) {
  const message = `Invalid JSON payload received. Unknown name "${name}"${place && ` at '${place}'`}: Cannot find field.`;
  const violation = { ...(place && { field: place }), description: message };
  const details = [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [violation] }];
  return error(400, 'INVALID_ARGUMENT', message, details);
}

/** @param {any[]} tools @returns {[word: string, place: string] | undefined} */
function unknownToolWord(tools) {
  for (const [index, tool] of tools.entries()) {
    for (const [position, declaration] of (tool.functionDeclarations ?? []).entries()) {
      const place = `tools[${index}].function_declarations[${position}].parameters`;
      const found = unknownWord(declaration.parameters, place);
      if (found) return found;
    }
  }
  return undefined;
}

/** @param {any} schema @param {string} place @returns {[word: string, place: string] | undefined} */
function unknownWord(schema, place) {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const word = unknownField(schema, SCHEMA_WORDS);
  if (word) return [word, place];
  const nested = [
    ...Object.values(schema.properties ?? {}).map((value, index) => [value, `${place}.properties[${index}].value`]),
    ...(schema.items ? [[schema.items, `${place}.items`]] : []),
    ...(schema.anyOf ?? []).map((/** @type {any} */ value, /** @type {number} */ index) => [
      value,
      `${place}.any_of[${index}]`,
    ]),
  ];
  for (const [value, where] of nested) {
    const found = unknownWord(value, where);
    if (found) return found;
  }
  return undefined;
}

/** The first call of each turn of the model must carry one. @param {any[]} contents */
const lacksSignature = (contents) =>
  contents.some(({ role, parts }) => {
    const first = role === 'model' && (parts ?? []).find((/** @type {any} */ part) => part.functionCall);
    return first && !(first.thoughtSignature ?? first.thought_signature);
  });
