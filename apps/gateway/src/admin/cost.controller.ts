// What a call would cost, or did: /spend/calculate and /cost/estimate. Needs no ledger.
import { Body, Controller, Inject, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { costOfAnswer, costOfPrompt, costOfTokens } from './cost-of.js';
import { CallerGuard } from './caller.guard.js';
import { bodyOf, must, readBody, required } from './ledger/body.js';
import { countSchema, objectSchema, toUsd } from './ledger/kinds.js';
import { managementRoutes } from './ledger/management-route.js';

const Route = managementRoutes('spend');

const messages = z.array(objectSchema, { error: must('be a list of messages') });
const calculateBody = bodyOf({
  model: z
    .string({ error: must('be a text') })
    .nullish()
    .describe('With `messages`: what their prompt costs, before it is sent'),
  messages: messages.nullish(),
  completion_response: objectSchema.nullish().describe('An answer: what the call cost'),
});

const tokens = countSchema.refine((count) => Number(count) >= 0 && Number(count) <= 1e12, {
  error: must('be 0 or more, and at most 1,000,000,000,000'),
});
const estimateBody = bodyOf({
  model: required,
  input_tokens: tokens,
  output_tokens: tokens,
  num_requests_per_day: tokens.nullish(),
  num_requests_per_month: tokens.nullish(),
});

@Controller()
@UseGuards(CallerGuard)
export class CostController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Route('POST', 'spend/calculate', {
    summary: 'What the prompt of a request costs, or what a call cost',
    body: calculateBody,
    answer: z.object({ cost: z.number() }),
  })
  async calculate(@Body() body: unknown): Promise<JsonObject> {
    const { model, messages, completion_response: answer } = readBody(calculateBody, body);
    if (model) {
      if (!messages) throw invalidRequest("'messages' must be sent with 'model'.", 'messages');
      return { cost: toUsd(await costOfPrompt(this.runtime, model, { messages } as JsonObject)) };
    }
    if (answer) return { cost: toUsd(await costOfAnswer(this.runtime, answer as JsonObject)) };
    throw invalidRequest("Send 'model' and 'messages', or 'completion_response'.", 'model');
  }

  @Route('POST', 'cost/estimate', { summary: 'What calls of so many tokens cost', body: estimateBody })
  estimate(@Body() body: unknown): JsonObject {
    const asked = readBody(estimateBody, body);
    const [inputTokens, outputTokens] = [Number(asked.input_tokens), Number(asked.output_tokens)];
    const { input, output, provider } = costOfTokens(this.runtime, asked.model, { inputTokens, outputTokens });
    const times = (count: string | number | null | undefined) => (nano: number) =>
      count == null ? null : toUsd(Math.min(nano * Number(count), Number.MAX_SAFE_INTEGER));
    const [daily, monthly] = [times(asked.num_requests_per_day), times(asked.num_requests_per_month)];
    return {
      model: asked.model,
      provider,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      num_requests_per_day: asked.num_requests_per_day == null ? null : Number(asked.num_requests_per_day),
      num_requests_per_month: asked.num_requests_per_month == null ? null : Number(asked.num_requests_per_month),
      cost_per_request: toUsd(input + output),
      input_cost_per_request: toUsd(input),
      output_cost_per_request: toUsd(output),
      daily_cost: daily(input + output),
      daily_input_cost: daily(input),
      daily_output_cost: daily(output),
      monthly_cost: monthly(input + output),
      monthly_input_cost: monthly(input),
      monthly_output_cost: monthly(output),
    };
  }
}
