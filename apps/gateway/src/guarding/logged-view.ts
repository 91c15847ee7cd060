// What callbacks and logs may be told of what was said in a call: as the guardrails for logs leave it. Off the road.
import { isJsonObject, type ChatRequest, type ChatResponse, type JsonObject } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import type { GuardrailVerdict } from '@turnpike/plugin-sdk';
import type { Exchange } from '../pipeline/exchange.js';
import { wishOf } from '../upstream/body-edits.js';
import { GUARDED_VIEWS, type GuardedView } from './guarded-view.js';
import type { Guardrails } from './guardrails.js';
import type { ActiveGuardrail } from './selection.js';

/** False: it ended before those who look at what is logged were chosen, so nobody may be told of its words. */
export const mayBeLogged = ({ guardrails, snapshot }: Exchange): boolean =>
  guardrails !== undefined || !snapshot.guardrails.haveLogs;

/** Guardrails look at what is logged of it. */
export const isMaskedForLogs = ({ guardrails }: Exchange): boolean => (guardrails?.logging.length ?? 0) > 0;

/** In the client's dialect. Absent: nothing may be told of it, or nothing was to be. */
export interface SaidInCall {
  readonly request?: Readonly<JsonObject>;
  readonly response?: Readonly<JsonObject>;
}

/**
 * Of a call without guardrails for logs, the very same. What one of them blocks, or fails to judge while it is
 * fail-closed, is told to nobody. Never rejects.
 */
export const loggedView = (
  guardrails: Guardrails,
  exchange: Exchange,
  said: SaidInCall,
): SaidInCall | Promise<SaidInCall> => {
  const logging = exchange.guardrails?.logging ?? [];
  return logging.length === 0 ? said : masked(guardrails, exchange, logging, said);
};

const masked = async (
  guardrails: Guardrails,
  exchange: Exchange,
  logging: readonly ActiveGuardrail[],
  { request, response }: SaidInCall,
): Promise<SaidInCall> => {
  const view = GUARDED_VIEWS[exchange.front.operation];
  const one = new LoggedCall(guardrails, exchange, logging, view);
  const shownRequest = request && (await unlessRefused(() => one.request(request)));
  const shownResponse = response && (await unlessRefused(() => one.response(response)));
  return { ...(shownRequest && { request: shownRequest }), ...(shownResponse && { response: shownResponse }) };
};

const unlessRefused = async (view: () => Promise<JsonObject>): Promise<JsonObject | undefined> => {
  try {
    return await view();
  } catch (error) {
    // What cannot be read cannot be judged, whatever the reason.
    if (isGatewayError(error) || error instanceof TypeError) return undefined;
    throw error;
  }
};

class LoggedCall {
  /** As the client put it, in no dialect. */
  private asked: ChatRequest | undefined;

  constructor(
    private readonly guardrails: Guardrails,
    private readonly exchange: Exchange,
    private readonly logging: readonly ActiveGuardrail[],
    private readonly view: GuardedView,
  ) {}

  async request(body: Readonly<JsonObject>): Promise<JsonObject> {
    const { front } = this.exchange;
    const own = front.toDomain({ ...wishOf(body) });
    let shown = (this.asked = this.view.request(own));
    let isMasked = false;
    for (const active of this.logging) {
      const { preCall } = active.instance.exports;
      const verdict = preCall && (await this.look(active, (context) => preCall.check(shown, context)));
      if (verdict?.action !== 'replace') continue;
      shown = verdict.value;
      isMasked = true;
    }
    if (!isMasked) return body;
    const { extra_body: extra, ...rest } = body;
    const said = front.textFields(this.view.withRequest(own, shown));
    return { ...rest, ...(isJsonObject(extra) ? { extra_body: withoutFields(extra, said) } : {}), ...said };
  }

  async response(answer: Readonly<JsonObject>): Promise<JsonObject> {
    const { front, body = {} } = this.exchange;
    const own = front.readAnswer({ ...answer });
    let shown = this.view.response(own);
    let isMasked = false;
    for (const active of this.logging) {
      const { postCall } = active.instance.exports;
      const current: ChatResponse | undefined = shown;
      if (!postCall || !current) continue;
      const request = (this.asked ??= this.view.request(front.toDomain({ ...wishOf(body) })));
      const verdict = await this.look(active, (context) => postCall.check(current, request, context));
      if (verdict?.action !== 'replace') continue;
      shown = verdict.value;
      isMasked = true;
    }
    return isMasked && shown ? front.fromDomain(this.view.withResponse(own, shown), body) : answer;
  }

  private look<T>(
    active: ActiveGuardrail,
    check: Parameters<typeof this.guardrails.look<T>>[3],
  ): Promise<Exclude<GuardrailVerdict<T>, { action: 'block' }> | undefined> {
    return this.guardrails.look(this.exchange, active, 'logging_only', check);
  }
}

const withoutFields = (extra: JsonObject, fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(extra).filter(([name]) => !(name in fields)));
