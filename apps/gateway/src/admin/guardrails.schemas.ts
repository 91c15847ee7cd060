// Shapes of the routes about guardrails, in LiteLLM's words.
import { z } from '@turnpike/plugin-sdk';
import { bodyOf, must, names, optional, required } from './ledger/body.js';

export const guardrailSchema = z.object({
  guardrail_id: z.string(),
  guardrail_name: z.string(),
  litellm_params: z
    .looseObject({ guardrail: z.string(), mode: z.unknown(), default_on: z.boolean() })
    .describe('Admins see all of it, secrets masked'),
  guardrail_info: z.record(z.string(), z.unknown()),
  guardrail_definition_location: z.literal('config'),
  created_at: z.null(),
  updated_at: z.null(),
});

export type ListedGuardrail = z.output<typeof guardrailSchema>;

export const guardrailsSchema = z.object({ guardrails: z.array(guardrailSchema) });

/** More text is no way to try one out. */
const MOST_CHARACTERS = 1_000_000;

export const applySchema = bodyOf({
  guardrail_name: required,
  text: z.string({ error: must('be a text') }).max(MOST_CHARACTERS, { error: must('be shorter') }),
  language: optional,
  entities: names.nullish(),
  input_type: z.enum(['request', 'response'], { error: must('be request or response') }).nullish(),
});

export const appliedSchema = z.object({ response_text: z.string() });
