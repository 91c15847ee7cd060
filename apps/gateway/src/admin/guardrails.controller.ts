// The guardrails of the configuration: listed, shown, and tried out on a text.
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { maskConfig, type GuardrailSettings } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import type { JsonObject } from '@turnpike/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tryOut } from '../guarding/try-out.js';
import type { Principal } from '../pipeline/exchange.js';
import { chatFront } from '../routes/openai.js';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { AdminGuard } from './admin.guard.js';
import { Caller, CallerGuard } from './caller.guard.js';
import { Documented } from './documented.js';
import {
  appliedSchema,
  applySchema,
  guardrailSchema,
  guardrailsSchema,
  type ListedGuardrail,
} from './guardrails.schemas.js';
import { readBody } from './ledger/body.js';

const TAG = 'guardrails';
const APPLY = '/guardrails/apply_guardrail';

@Controller()
export class GuardrailsController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Get(['guardrails/list', 'v2/guardrails/list'])
  @UseGuards(CallerGuard)
  @Documented({ summary: 'The guardrails of the configuration', tag: TAG, response: guardrailsSchema })
  list(@Caller() caller: Principal): { guardrails: ListedGuardrail[] } {
    return { guardrails: this.listed(caller.isAdmin) };
  }

  @Get('guardrails/:id/info')
  @UseGuards(AdminGuard)
  @Documented({ summary: 'One of them, by its id or name', tag: TAG, admin: true, response: guardrailSchema })
  info(@Param('id') id: string): ListedGuardrail {
    const found = this.listed(true).find(({ guardrail_id, guardrail_name }) =>
      [guardrail_id, guardrail_name].includes(id),
    );
    if (found) return found;
    throw new GatewayError('GW_NOT_FOUND', 'No guardrail has this id. GET /guardrails/list names them.');
  }

  @Post(['guardrails/apply_guardrail', 'apply_guardrail'])
  @HttpCode(200)
  @UseGuards(CallerGuard)
  @Documented({
    summary: 'What a guardrail makes of a text; 400 when it blocks it',
    tag: TAG,
    body: applySchema,
    response: appliedSchema,
  })
  async apply(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Req() { headers }: FastifyRequest,
    @Res({ passthrough: true }) { raw: response }: FastifyReply,
  ): Promise<{ response_text: string }> {
    const { guardrail_name, text, language, entities, input_type } = readBody(applySchema, body);
    const parameters: JsonObject = { ...(language && { language }), ...(entities && { entities }) };
    const snapshot = this.runtime.current;
    const front = { ...chatFront, route: APPLY };
    const asked = { guardrail: guardrail_name, text, inputType: input_type ?? 'request', parameters } as const;
    const input = { front, headers, raw: undefined, response, snapshot };
    return { response_text: await tryOut(snapshot.guardrails, asked, caller, input) };
  }

  /** @param isWhole with all settings, secrets masked */
  private listed(isWhole: boolean): ListedGuardrail[] {
    const { config } = this.runtime;
    const shown = isWhole ? (maskConfig(config)['guardrails'] as unknown as GuardrailSettings[]) : config.guardrails;
    const idOf = uniqueIds();
    return shown.map(({ name, kind, modes, defaultOn, info, settings }) => ({
      guardrail_id: idOf(name),
      guardrail_name: name,
      litellm_params: {
        guardrail: kind,
        mode: writtenModes(modes),
        default_on: defaultOn,
        ...(isWhole ? settings : {}),
      },
      guardrail_info: info ?? {},
      guardrail_definition_location: 'config',
      created_at: null,
      updated_at: null,
    }));
  }
}

/** A name may stand for several: the second is `name#2`. */
const uniqueIds = (): ((name: string) => string) => {
  const counts = new Map<string, number>();
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  };
};

/** As the configuration writes them. */
const writtenModes = ({ default: usual, byTag }: GuardrailSettings['modes']): unknown => {
  const short = (modes: readonly string[]): unknown => (modes.length === 1 ? modes[0] : modes);
  const tags = Object.entries(byTag);
  if (tags.length === 0) return short(usual);
  return {
    ...(usual.length > 0 && { default: short(usual) }),
    tags: Object.fromEntries(tags.map(([tag, modes]) => [tag, short(modes)])),
  };
};
