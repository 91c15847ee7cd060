// Why a request goes where it goes: before it is sent, and after.
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { maskTree } from '@turnpike/config';
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError, invalidRequest, isGatewayError } from '@turnpike/errors';
import type { Explanation } from '@turnpike/router';
import type { IncomingHttpHeaders } from 'node:http';
import { tagsIn } from '../pipeline/parties.js';
import { promptTextOf } from '../pipeline/prompt-text.js';
import { wishesOf } from '../pipeline/wishes.js';
import type { CallRecord } from '../runtime/recent-calls.js';
import type { Runtime } from '../runtime/runtime.js';
import { AllWorkers, RUNTIME } from '../runtime/tokens.js';
import { estimateTokens } from '../upstream/estimate-usage.js';
import { AdminGuard } from './admin.guard.js';
import { Documented } from './documented.js';
import { toCallRecord } from './ledger/call-record.js';
import { fieldNames, fromField, storedFields } from './ledger/config.json.js';
import { LedgerIfAny, type OnBehalf } from './ledger/on-behalf.js';
import { callSchema, explanationSchema, routerSettingsSchema } from './router.schemas.js';

export interface ExplainedRequest extends Explanation {
  strategy: string;
  promptTokens: number;
  numRetries: number;
}

@Controller()
@UseGuards(AdminGuard)
export class RouterController {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly workers: AllWorkers,
  ) {}

  /** The body is a request as a client would send it; nobody is called. */
  @Post('router/explain')
  @HttpCode(200)
  @Documented({
    summary: 'Where a request would go now, and why: candidates, who is left out, the pick, the fallbacks',
    tag: 'router',
    admin: true,
    response: explanationSchema,
  })
  async explain(@Body() body: JsonValue, @Headers() headers: IncomingHttpHeaders): Promise<ExplainedRequest> {
    if (!isJsonObject(body) || typeof body['model'] !== 'string')
      throw invalidRequest("Send a request as a client would, with a 'model'.", 'model');
    const { current, clock, tokens } = this.runtime;
    const { router } = current;
    const { model, messages, prompt, input, stream } = body;
    const tags = tagsIn({ headers, body, settings: current.config.callers });
    const wishes = wishesOf(headers, body, current, tags);
    const resolution = router.resolve(model);
    // As on the road: counted only where that may rule a deployment out.
    const isCounted = router.isCountNeeded(resolution, Buffer.byteLength(JSON.stringify(body)));
    const counted = isCounted ? await tokens.count(promptTextOf(body)) : undefined;
    const promptTokens = counted ?? estimateTokens(JSON.stringify(messages ?? prompt ?? input ?? '').length);
    const request = {
      model,
      stream: stream === true,
      promptTokens,
      certainPromptTokens: counted ?? 0,
      deadlineAt: Number.POSITIVE_INFINITY,
      wishes,
    };
    return {
      strategy: current.strategyId,
      promptTokens,
      numRetries: wishes.numRetries ?? current.config.router.numRetries,
      ...router.explain(request, resolution, clock.now()),
    };
  }

  @Get('router/settings')
  @Documented({
    summary: 'What may be set of the router by API, with what is in use',
    tag: 'router',
    admin: true,
    response: routerSettingsSchema,
  })
  settings(): JsonObject {
    const { kept } = this.runtime.config;
    const current = maskTree(kept.router);
    return { ...this.fields(), current_values: current };
  }

  @Get('router/fields')
  @Documented({
    summary: 'What may be set of the router by API',
    tag: 'router',
    admin: true,
    response: routerSettingsSchema,
  })
  fields(): JsonObject {
    const { kept } = this.runtime.config;
    const stored = storedFields(this.runtime.live.stored.settings);
    const fields = fieldNames('router_settings').map((name) => fromField(name, kept.router[name], stored));
    return { fields, routing_strategy_descriptions: {} };
  }

  @Get('calls/:id')
  @Documented({
    summary: 'What became of a call: its attempts, why each, how long, at what cost',
    tag: 'router',
    admin: true,
    response: callSchema,
  })
  async call(@Param('id') id: string, @LedgerIfAny() ledger?: OnBehalf): Promise<CallRecord> {
    const found = (await this.workers.findCall(id)) ?? (ledger && (await loggedCall(ledger, id)));
    if (found) return found;
    throw new GatewayError(
      'GW_NOT_FOUND',
      'No call has this id. It is the x-litellm-call-id of an answer. Workers keep the newest 1,000 each, and a ledger ' +
        'what is in its spend log.',
    );
  }
}

/** Undefined: its spend log has none. */
const loggedCall = async (ledger: OnBehalf, id: string): Promise<CallRecord | undefined> => {
  try {
    const { log } = await ledger.ask(ledger.services.spend.getSpendLog, { id });
    return log && toCallRecord(log);
  } catch (error) {
    if (isGatewayError(error) && error.code === 'GW_NOT_FOUND') return undefined;
    throw error;
  }
};
