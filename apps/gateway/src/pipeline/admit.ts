// Stage 4: may this caller make this call now? Ends with 400, 403, 429 or 503.
import { GatewayError } from '@turnpike/errors';
import { isDenial, type Denial, type Permit } from '@turnpike/limits';
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
    const { snapshot, model, raw, principal } = exchange;
    exchange.resolution = snapshot.router.resolve(model, principal.teamId);
    if (!snapshot.limits.hasGlobal) return admitted(runtime, exchange, FREE);
    const { waitingRoom } = snapshot;
    if (waitingRoom?.isQueued(EVERY_MODEL)) return queueUp(runtime, exchange, waitingRoom, undefined);
    const taken = snapshot.limits.takeGlobal(estimateTokens(raw.length));
    return taken instanceof Promise
      ? taken.then((outcome) => decided(runtime, exchange, outcome))
      : decided(runtime, exchange, taken);
  },
});

const admitted = (runtime: Runtime, exchange: Read, permit: Permit): Admitted => {
  runtime.metrics.inFlight.add(1);
  exchange.admission = permit;
  return exchange as Admitted;
};

const decided = (runtime: Runtime, exchange: Read, outcome: Permit | Denial): Admitted | Promise<Admitted> => {
  if (!isDenial(outcome)) return admitted(runtime, exchange, outcome);
  const { waitingRoom } = exchange.snapshot;
  if (!waitingRoom) throw limited(outcome);
  return queueUp(runtime, exchange, waitingRoom, outcome);
};

/** @param denial why it waits; undefined: others came first */
const queueUp = async (
  runtime: Runtime,
  exchange: Read,
  room: WaitingRoom,
  denial: Denial | undefined,
): Promise<Admitted> => {
  const { principal, wishes, snapshot, raw } = exchange;
  const place = room.enter(EVERY_MODEL, principal.keyHash, wishes.priority ?? 0, denial?.retryAfterMs);
  exchange.whenClientGone({ abort: () => room.leave(place) });
  for (let isBack = false; ; isBack = true) {
    const isLetIn = !exchange.isClientGone && (await room.wait(place, isBack));
    if (!isLetIn) throw overdue(exchange, place, denial);
    const outcome = await snapshot.limits.takeGlobal(estimateTokens(raw.length));
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

const limited = ({ dimension, limit, retryAfterMs }: Denial): GatewayError =>
  new GatewayError(
    'GW_RATE_LIMITED',
    `This gateway takes ${limit} ${UNITS[dimension]}. Wait as long as Retry-After says.`,
    { retryAfterMs },
  );

const overdue = (exchange: Read, { waitedMs }: Place, denial: Denial | undefined): GatewayError => {
  if (exchange.isClientGone) return new GatewayError('GW_CLIENT_CLOSED', 'The client left before there was room.');
  if (denial) return limited(denial);
  return new GatewayError('GW_RATE_LIMITED', `There was no room for this request within ${waitedMs / 1_000} s.`, {
    retryAfterMs: 1_000,
  });
};
