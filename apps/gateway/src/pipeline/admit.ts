// Stage 5: may this caller make this call now? Ends with 400, 403, 429 or 503.
import type { FallbackTarget, PrincipalModels } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import {
  isBudgetDenial,
  isDenial,
  type BudgetDenial,
  type Denial,
  type Permit,
  type Reservation,
} from '@turnpike/limits';
import { formatUsd } from '@turnpike/pricing';
import { isInRegion, type Resolution } from '@turnpike/router';
import { joined, UNBOUNDED_SET, type BoundSet } from '../keys/bounds.js';
import type { Terms } from '../keys/terms.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Place, WaitingRoom } from '../runtime/waiting-room.js';
import { estimateTokens } from '../upstream/estimate-usage.js';
import type { Admitted, Attributed } from './exchange.js';
import type { Stage } from './stage.js';

/** Who is admitted without a reservation has nothing to give back. */
const FREE: Permit = { release: () => undefined };

/** The line for room in the installation; models have lines of their own, and no model is called so. */
const EVERY_MODEL = '';

export const admit = (runtime: Runtime): Stage<Attributed, Admitted> => ({
  name: 'admit',
  run(exchange) {
    const { terms } = exchange.principal;
    if (terms) checkModels(exchange, terms);
    resolve(exchange);
    if (runtime.journal?.isFull) throw unrecordable();
    exchange.bounds = boundsOf(exchange);
    const limited = takeLimits(runtime, exchange as Bounded);
    if (exchange.bounds.accounts.length === 0) return limited;
    return limited instanceof Promise
      ? limited.then((admitted) => setMoneyAside(runtime, admitted))
      : setMoneyAside(runtime, limited);
  },
});

/** From here on the model is the one that is meant. @throws GW_MODEL_NOT_ALLOWED */
const checkModels = (exchange: Attributed, { models }: Terms): void => {
  checkModel(models, exchange.model, 'model');
  exchange.model = models.resolve(exchange.model);
  const { fallbacks, contextWindowFallbacks, contentPolicyFallbacks } = exchange.wishes;
  if (fallbacks) checkFallbacks(models, fallbacks, 'fallbacks');
  if (contextWindowFallbacks) checkFallbacks(models, contextWindowFallbacks, 'context_window_fallbacks');
  if (contentPolicyFallbacks) checkFallbacks(models, contentPolicyFallbacks, 'content_policy_fallbacks');
};

const checkModel = (models: PrincipalModels, model: string, param: string): void => {
  const refusal = models.refusalOf(model);
  if (refusal) throw new GatewayError('GW_MODEL_NOT_ALLOWED', refusal.message, { type: refusal.type, param });
};

const checkFallbacks = (models: PrincipalModels, targets: readonly FallbackTarget[], param: string): void => {
  for (const { model } of targets) checkModel(models, model, param);
};

/** @throws GW_UNKNOWN_MODEL */
const resolve = (exchange: Attributed): void => {
  const { snapshot, principal, wishes, regionalDefault } = exchange;
  exchange.resolution = snapshot.router.resolve(exchange.model, principal.teamId);
  const { region } = wishes;
  if (regionalDefault === undefined || region === undefined || hasRegion(exchange.resolution, region)) return;
  exchange.model = regionalDefault;
  exchange.resolution = snapshot.router.resolve(regionalDefault, principal.teamId);
};

const hasRegion = ({ groups }: Resolution, region: string): boolean =>
  groups.some(({ targets }) => targets.some(({ deployment }) => isInRegion(region, deployment.region)));

/** Of the caller, and of whom its call names. Most name nobody who is bounded. */
const boundsOf = ({ principal, parties, model }: Attributed): BoundSet => {
  const own = principal.terms?.bounds.for(model) ?? UNBOUNDED_SET;
  return parties.length === 0 ? own : joined([own, ...parties.map((party) => party.for(model))]);
};

const unrecordable = (): GatewayError =>
  new GatewayError('GW_JOURNAL_FULL', 'Calls cannot be recorded right now, so that none is made.', {
    retryAfterMs: 5_000,
  });

/** An Exchange that has its bounds. */
type Bounded = Attributed & Pick<Admitted, 'bounds'>;

const takeLimits = (runtime: Runtime, exchange: Bounded): Admitted | Promise<Admitted> => {
  const { snapshot, raw, bounds } = exchange;
  const rules = snapshot.limits.rulesFor(bounds);
  if (rules.length === 0) return admitted(exchange, FREE);
  const { waitingRoom } = snapshot;
  if (snapshot.limits.hasGlobal && waitingRoom?.isQueued(EVERY_MODEL))
    return queueUp(runtime, exchange, waitingRoom, undefined);
  const taken = snapshot.limits.take(rules, estimateTokens(raw.length));
  return taken instanceof Promise
    ? taken.then((outcome) => decided(runtime, exchange, outcome))
    : decided(runtime, exchange, taken);
};

const admitted = (exchange: Bounded, permit: Permit): Admitted => {
  exchange.admission = permit;
  return exchange as Admitted;
};

const decided = (runtime: Runtime, exchange: Bounded, outcome: Permit | Denial): Admitted | Promise<Admitted> => {
  if (!isDenial(outcome)) return admitted(exchange, outcome);
  const { waitingRoom, limits } = exchange.snapshot;
  // Room in the installation is waited for; a caller's own limit is its own to keep.
  if (!waitingRoom || !limits.isGlobal(outcome)) throw limited(exchange, outcome);
  return queueUp(runtime, exchange, waitingRoom, outcome);
};

/** @param denial why it waits; undefined: others came first */
const queueUp = async (
  runtime: Runtime,
  exchange: Bounded,
  room: WaitingRoom,
  denial: Denial | undefined,
): Promise<Admitted> => {
  const { principal, wishes, snapshot, raw, bounds } = exchange;
  const place = room.enter(EVERY_MODEL, principal.keyHash, wishes.priority ?? 0, denial?.retryAfterMs);
  exchange.whenDeserted({ abort: () => room.leave(place) });
  for (let isBack = false; ; isBack = true) {
    const isLetIn = !exchange.isClientGone && (await room.wait(place, isBack));
    if (!isLetIn) throw overdue(exchange, place, denial);
    const rules = snapshot.limits.rulesFor(bounds);
    const outcome = await snapshot.limits.take(rules, estimateTokens(raw.length));
    if (isDenial(outcome) && !snapshot.limits.isGlobal(outcome)) {
      room.leave(place);
      throw limited(exchange, outcome);
    }
    if (isDenial(outcome)) {
      denial = outcome;
      continue;
    }
    // Where one got through, the next may too.
    room.letInTo(EVERY_MODEL);
    return admitted(exchange, outcome);
  }
};

const UNITS: Readonly<Record<Denial['dimension'], string>> = {
  requests: 'requests a minute',
  tokens: 'tokens a minute',
  parallel: 'requests at a time',
};

/** Whose limit it is, as a message says it: the scope's kind, never an id that may be a key's. */
const ownerOf = ({ snapshot }: Bounded, denial: Denial): string => {
  if (snapshot.limits.isGlobal(denial)) return 'This gateway';
  const [scope = '', model] = denial.rule.key.split('|model:');
  const kind = scope.slice(0, scope.indexOf(':'));
  return model === undefined ? `This ${kind}` : `This ${kind}, for the model ${model},`;
};

const limited = (exchange: Bounded, denial: Denial): GatewayError =>
  new GatewayError(
    'GW_RATE_LIMITED',
    `${ownerOf(exchange, denial)} may make ${denial.limit} ${UNITS[denial.dimension]}. Wait as long as Retry-After says.`,
    { retryAfterMs: denial.retryAfterMs },
  );

const overdue = (exchange: Bounded, { waitedMs }: Place, denial: Denial | undefined): GatewayError => {
  if (exchange.isClientGone) return new GatewayError('GW_CLIENT_CLOSED', 'The client left before there was room.');
  if (denial) return limited(exchange, denial);
  return new GatewayError('GW_RATE_LIMITED', `There was no room for this request within ${waitedMs / 1_000} s.`, {
    retryAfterMs: 1_000,
  });
};

/** All budgets that it is charged to have what the call may cost, or it is not made. */
const setMoneyAside = (runtime: Runtime, exchange: Admitted): Admitted | Promise<Admitted> => {
  const { budgets } = runtime;
  if (!budgets) return exchange;
  const estimate = runtime.estimates.costOf(exchange);
  // What is known to cost nothing may always be called.
  if (estimate === 0) return exchange;
  const set = (outcome: Reservation | BudgetDenial): Admitted => {
    if (isBudgetDenial(outcome)) throw broke(outcome);
    exchange.budget = outcome;
    return exchange;
  };
  const reserved = budgets.reserve(exchange.bounds.accounts, estimate);
  return reserved instanceof Promise ? reserved.then(set) : set(reserved);
};

const broke = ({ account, grant }: BudgetDenial): GatewayError => {
  if (!grant)
    return new GatewayError(
      'GW_LEDGER_UNAVAILABLE',
      'The budget cannot be checked right now: the ledger does not answer.',
      {
        retryAfterMs: 1_000,
      },
    );
  if (grant.spent < grant.max)
    return new GatewayError(
      'GW_BUDGET_EXCEEDED',
      `What is left of the budget is set aside for calls under way: ${formatUsd(grant.spent)} of ${formatUsd(grant.max)} is spent.`,
    );
  const kind = account.slice(0, Math.max(0, account.indexOf(':'))) || account;
  const reset = grant.resetAt === undefined ? '' : ` It begins anew at ${new Date(grant.resetAt).toISOString()}.`;
  return new GatewayError(
    'GW_BUDGET_EXCEEDED',
    `Budget has been exceeded! Current cost of this ${kind}: ${formatUsd(grant.spent)}, Max budget: ${formatUsd(grant.max)}.${reset}`,
  );
};
