// Stage 6: guardrails: those before the call run, those beside it begin, those after it get ready. Ends with 400 or 403.
import type { FallbackTarget } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { RoutingWishes } from '@turnpike/router';
import { NO_GUARDRAILS, type Selection } from '../guarding/selection.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Admitted, Guarded } from './exchange.js';
import type { Stage } from './stage.js';

export const guard = (runtime: Runtime): Stage<Admitted, Guarded> => ({
  name: 'guard',
  run(exchange) {
    const { guardrails } = exchange.snapshot;
    const selection = guardrails.select(exchange);
    exchange.guardrails = selection;
    if (selection === NO_GUARDRAILS) return exchange as Guarded;
    const isRequestSeen = selection.preCall.length > 0 || selection.duringCall.length > 0;
    if (isRequestSeen) refuseUnseen(exchange.wishes);
    if (selection.preCall.length === 0) return ready(runtime, exchange, selection);
    return guardrails.before(exchange, selection).then(() => ready(runtime, exchange, selection));
  },
});

const ready = (runtime: Runtime, exchange: Admitted, selection: Selection): Guarded => {
  const { snapshot, front, isStream } = exchange;
  const { guardrails } = snapshot;
  if (selection.duringCall.length > 0) {
    exchange.beside = guardrails.beside(exchange, selection);
    exchange.beside.catch((error: unknown) => exchange.stop(runtime.toError(error, exchange)));
  }
  if (selection.postCall.length > 0 && front.answersInWords) {
    guardrails.mustBeReadable(exchange);
    const along = isStream ? guardrails.alongStream(exchange, selection) : 'whole';
    if (along === 'whole') exchange.mustReadAnswer = true;
    else if (along !== 'pass') exchange.streamGuards = along;
  }
  return exchange as Guarded;
};

const FALLBACKS = ['fallbacks', 'contextWindowFallbacks', 'contentPolicyFallbacks'] as const;

/** What a fallback changes of the request has been seen by nobody. @throws GW_FORBIDDEN_PARAMETER */
const refuseUnseen = (wishes: RoutingWishes): void => {
  for (const name of FALLBACKS) {
    const targets: readonly FallbackTarget[] = wishes[name] ?? [];
    if (targets.every(({ overrides }) => overrides === undefined)) continue;
    throw new GatewayError('GW_FORBIDDEN_PARAMETER', "'fallbacks' may only name models here: requests are checked.", {
      param: 'fallbacks',
    });
  }
};
