// JSON answers from models without structured outputs: a tool that the model must call, whose input is the answer.
import type { JsonObject } from '@turnpike/domain';
import { toInputSchema } from './schema.js';

/** Reserved: a call of this tool is the answer's text, in whole answers and in streams. */
export const JSON_TOOL_NAME = 'json_tool_call';

export const jsonTool = (schema: JsonObject, description: string | undefined): JsonObject => ({
  name: JSON_TOOL_NAME,
  description: ['Call this tool to give your answer: its input is the whole answer.', description]
    .filter(Boolean)
    .join(' '),
  input_schema: toInputSchema(schema),
});

/** `response_format: json_object` has no schema to hold on to, so the model is told. */
export const JSON_INSTRUCTION =
  'Answer with exactly one JSON object. Write nothing before or after it, and no code fence.';
