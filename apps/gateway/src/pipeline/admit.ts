// Stage 4: may this caller make this call now? Ends with 400, 403, 429 or 503.
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
import type { Terms } from '../keys/terms.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Place, WaitingRoom } from '../runtime/waiting-room.js';
import { estimateTokens } from '../upstream/estimate-usage.js';
import type { Admitted, Read } from './exchange.js';
import type { Stage } from './stage.js';

/** Who is admitted without a reservation has nothing to give back. */
const FREE: Permit = { release: () => undefined };

/** The line for room in the installation; models have lines of their own, and no model is called so. */
const EVERY_MODEL = '';

export const admit = (runtime: Runtime): Stage<Read, Admitted> => ({
  name: 'admit',
  run(exchange) {
    const { terms } = exchange.principal;
    if (terms) checkModel(exchange, terms);
    exchange.resolution = exchange.snapshot.router.resolve(exchange.model, exchange.principal.teamId);
    if (runtime.journal?.isFull) throw unrecordable();
    const limited = takeLimits(runtime, exchange);
    if (!terms) return limited;
    return limited instanceof Promise
      ? limited.then((admitted) => setMoneyAside(runtime, admitted, terms))
      : setMoneyAside(runtime, limited, terms);
  },
});

/** From here on the model is the one that is meant. @throws GW_MODEL_NOT_ALLOWED */
const checkModel = (exchange: Read, { models }: Terms): void => {
  const refusal = models.refusalOf(exchange.model);
  if (refusal) throw new GatewayError('GW_MODEL_NOT_ALLOWED', refusal.message, { type: refusal.type, param: 'model' });
  exchange.model = models.resolve(exchange.model);
};

const unrecordable = (): GatewayError =>
  new GatewayError('GW_JOURNAL_FULL', 'Calls cannot be recorded right now, so that none is made.', {
    retryAfterMs: 5_000,
  });

const takeLimits = (runtime: Runtime, exchange: Read): Admitted | Promise<Admitted> => {
  const { snapshot, raw, principal, model } = exchange;
  const rules = snapshot.limits.rulesFor(principal.terms, model);
  if (rules.length === 0) return admitted(runtime, exchange, FREE);
  const { waitingRoom } = snapshot;
  if (snapshot.limits.hasGlobal && waitingRoom?.isQueued(EVERY_MODEL))
    return queueUp(runtime, exchange, waitingRoom, undefined);
  const taken = snapshot.limits.take(rules, estimateTokens(raw.length));
  return taken instanceof Promise
    ? taken.then((outcome) => decided(runtime, exchange, outcome))
    : decided(runtime, exchange, taken);
};

const admitted = (runtime: Runtime, exchange: Read, permit: Permit): Admitted => {
  runtime.metrics.inFlight.add(1);
  exchange.admission = permit;
  return exchange as Admitted;
};

const decided = (runtime: Runtime, exchange: Read, outcome: Permit | Denial): Admitted | Promise<Admitted> => {
  if (!isDenial(outcome)) return admitted(runtime, exchange, outcome);
  const { waitingRoom, limits } = exchange.snapshot;
  // Room in the installation is waited for; a caller's own limit is its own to keep.
  if (!waitingRoom || !limits.isGlobal(outcome)) throw limited(exchange, outcome);
  return queueUp(runtime, exchange, waitingRoom, outcome);
};

/** @param denial why it waits; undefined: others came first */
const queueUp = async (
  runtime: Runtime,
  exchange: Read,
  room: WaitingRoom,
  denial: Denial | undefined,
): Promise<Admitted> => {
  const { principal, wishes, snapshot, raw, model } = exchange;
  const place = room.enter(EVERY_MODEL, principal.keyHash, wishes.priority ?? 0, denial?.retryAfterMs);
  exchange.whenDeserted({ abort: () => room.leave(place) });
  for (let isBack = false; ; isBack = true) {
    const isLetIn = !exchange.isClientGone && (await room.wait(place, isBack));
    if (!isLetIn) throw overdue(exchange, place, denial);
    const rules = snapshot.limits.rulesFor(principal.terms, model);
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
    return admitted(runtime, exchange, outcome);
  }
};

const UNITS: Readonly<Record<Denial['dimension'], string>> = {
  requests: 'requests a minute',
  tokens: 'tokens a minute',
  parallel: 'requests at a time',
};

/** Whose limit it is, as a message says it: the scope's kind, never an id that may be a key's. */
const ownerOf = ({ snapshot }: Read, denial: Denial): string => {
  if (snapshot.limits.isGlobal(denial)) return 'This gateway';
  const [scope = '', model] = denial.rule.key.split('|model:');
  const kind = scope.slice(0, scope.indexOf(':'));
  return model === undefined ? `This ${kind}` : `This ${kind}, for the model ${model},`;
};

const limited = (exchange: Read, denial: Denial): GatewayError =>
  new GatewayError(
    'GW_RATE_LIMITED',
    `${ownerOf(exchange, denial)} may make ${denial.limit} ${UNITS[denial.dimension]}. Wait as long as Retry-After says.`,
    { retryAfterMs: denial.retryAfterMs },
  );

const overdue = (exchange: Read, { waitedMs }: Place, denial: Denial | undefined): GatewayError => {
  if (exchange.isClientGone) return new GatewayError('GW_CLIENT_CLOSED', 'The client left before there was room.');
  if (denial) return limited(exchange, denial);
  return new GatewayError('GW_RATE_LIMITED', `There was no room for this request within ${waitedMs / 1_000} s.`, {
    retryAfterMs: 1_000,
  });
};

/** The caller's budgets have what the call may cost, or it is not made. */
const setMoneyAside = (runtime: Runtime, exchange: Admitted, terms: Terms): Admitted | Promise<Admitted> => {
  const { budgets } = runtime;
  const accounts = accountsFor(terms, exchange.model);
  if (!budgets || accounts.length === 0) return exchange;
  const estimate = runtime.estimates.costOf(exchange);
  // What is known to cost nothing may always be called.
  if (estimate === 0) return exchange;
  const ofModel = terms.modelAccounts.get(exchange.model);
  const set = (outcome: Reservation | BudgetDenial): Admitted => {
    if (isBudgetDenial(outcome)) throw broke(outcome);
    exchange.budget = { reservation: outcome, accounts: ofModel && [...ofModel] };
    return exchange;
  };
  const reserved = budgets.reserve(accounts, estimate);
  return reserved instanceof Promise ? reserved.then(set) : set(reserved);
};

const accountsFor = ({ accounts, modelAccounts }: Terms, model: string): readonly string[] => {
  const ofModel = modelAccounts.get(model);
  return ofModel ? [...accounts, ...ofModel] : accounts;
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
