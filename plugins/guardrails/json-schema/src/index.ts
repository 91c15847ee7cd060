/** Answers that should be JSON are checked against the schema that was asked for. */
import {
  definePlugin,
  z,
  type ChatChoice,
  type ChatRequest,
  type ChatResponse,
  type GuardrailVerdict,
  type JsonObject,
} from '@turnpike/plugin-sdk';
import { createSchemaChecker } from './check.js';

const settingsSchema = z.strictObject({
  schema: z
    .record(z.string(), z.json())
    .optional()
    .describe('JSON Schema of every answer; without it, the one that the request asks for'),
  action: z.enum(['block', 'log']).default('block'),
});

export default definePlugin({
  contract: 'guardrail/v1',
  id: 'guardrail.json-schema',
  capabilities: ['postCall'],
  aliases: ['json-schema', 'json_schema'],
  config: settingsSchema,
  init: ({ schema, action }, host) => {
    const check = createSchemaChecker();
    const judge = ({ choices }: ChatResponse, request: Readonly<ChatRequest>): GuardrailVerdict<never> => {
      const wanted = schema ?? wantedBy(request);
      if (wanted === undefined) return { action: 'pass' };
      const problem = check(
        choices.map(answerOf).filter((text) => text !== undefined),
        wanted,
      );
      if (problem === undefined) return { action: 'pass' };
      host.metrics.count('unfit_answer');
      if (action === 'block') return { action: 'block', message: `the answer ${problem}.` };
      host.log.warn('an answer does not fit its schema', { problem });
      return { action: 'pass' };
    };
    return { postCall: { check: (response, request) => Promise.resolve(judge(response, request)) } };
  },
});

/** `{}` allows any JSON. */
const wantedBy = ({ responseFormat }: Readonly<ChatRequest>): JsonObject | undefined => {
  if (responseFormat?.type === 'json-schema') return responseFormat.schema;
  return responseFormat?.type === 'json' ? {} : undefined;
};

/** Undefined: the model refused, or called tools, and so has not answered yet. */
const answerOf = ({ content }: ChatChoice): string | undefined => {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const isOther = content.some(({ type }) => type === 'refusal' || type === 'tool-call');
  return isOther && texts.join('').trim() === '' ? undefined : texts.join('');
};
