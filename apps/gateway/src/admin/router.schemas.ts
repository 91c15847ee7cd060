// Shapes of POST /router/explain and GET /calls/{call id}.
import { z } from '@turnpike/plugin-sdk';

const text = z.string();
const count = z.int().min(0);

export const explanationSchema = z.object({
  requested: text,
  strategy: text.describe('Plugin id'),
  promptTokens: count.describe('Estimated'),
  numRetries: count,
  groups: z
    .array(
      z.object({
        name: text,
        candidates: z.array(
          z.object({
            deploymentId: text,
            provider: text,
            model: text,
            order: z.number().optional(),
            weight: z.number().optional(),
            inFlight: count,
            requestsThisMinute: count,
            tokensThisMinute: count,
            leftOut: z
              .object({
                reason: z.enum(['off', 'context-window', 'region', 'cooldown', 'probe', 'limit', 'tags']),
                clearsInMs: z.number().optional(),
                after: text.optional().describe('Code of the failure that it cools down for'),
              })
              .optional(),
          }),
        ),
        pick: z
          .object({ deploymentId: text, reason: z.enum(['only', 'strategy', 'affinity', 'shuffle']) })
          .optional()
          .describe('What would be asked first'),
      }),
    )
    .describe('In the order in which they would be tried'),
  fallbacks: z
    .object({ general: z.array(text), contextWindow: z.array(text), contentPolicy: z.array(text) })
    .describe('By what went wrong, in the order in which they would be tried'),
});

const error = z.object({ code: text, message: text });
const usage = z.looseObject({ inputTokens: z.number(), outputTokens: z.number(), totalTokens: z.number() });

export const callSchema = z.object({
  callId: text,
  model: text,
  operation: text,
  stream: z.boolean(),
  startedAt: z.number().describe('Epoch milliseconds'),
  durationMs: z.number(),
  status: z.enum(['success', 'failure', 'client_closed']),
  statusCode: z.int(),
  cache: z.enum(['off', 'miss', 'hit']),
  attempts: z.array(
    z.object({
      deploymentId: text,
      provider: text,
      model: text,
      group: text,
      reason: text.describe('Why this deployment'),
      retry: count,
      fallback: count,
      status: z.enum(['open', 'success', 'failure', 'abandoned']),
      startedMs: z.number(),
      durationMs: z.number().nullable(),
      firstTokenMs: z.number().nullable(),
      error: error.extend({ retryAfterMs: z.number().nullable() }).nullable(),
      usage: usage.nullable(),
      isUsageEstimated: z.boolean(),
      costUsd: text.nullable(),
    }),
  ),
  error: error.nullable(),
  usage: usage.nullable(),
  costUsd: text.nullable().describe('Of all attempts'),
});

export const routerSettingsSchema = z.object({
  fields: z.array(z.looseObject({ field_name: text, field_type: text, field_value: z.unknown() })),
  current_values: z.record(text, z.unknown()).optional(),
  routing_strategy_descriptions: z.record(text, text),
});
