// Stage 4: what holds for the end user and the tags that a call names. Ends with 400 or 503.
import { GatewayError } from '@turnpike/errors';
import { UNBOUNDED, type Bounds } from '../keys/bounds.js';
import type { Customer, Parties, Party } from '../keys/parties.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Attributed, Read } from './exchange.js';
import type { Stage } from './stage.js';

type Known<T> = T | undefined | Promise<T | undefined>;

const NONE: readonly Bounds[] = [];

export const attribute = (runtime: Runtime): Stage<Read, Attributed> => ({
  name: 'attribute',
  run(exchange) {
    const { parties } = runtime;
    const { customer: id, tags } = exchange;
    exchange.parties = NONE;
    if (!parties || (id === undefined && tags === undefined)) return exchange as Attributed;
    const customer = id === undefined ? undefined : parties.customer(id);
    const ofTags = tags && tagsOf(parties, tags);
    if (customer instanceof Promise || ofTags instanceof Promise) return known(exchange, customer, ofTags);
    return attributed(exchange, customer, ofTags);
  },
});

/** Asked about at the same time. */
const known = async (
  exchange: Read,
  customer: Known<Customer>,
  tags: Known<readonly (Party | undefined)[]>,
): Promise<Attributed> =>
  attributed(exchange, ...(await Promise.all([Promise.resolve(customer), Promise.resolve(tags)])));

/** At once where all are known. */
const tagsOf = (parties: Parties, tags: readonly string[]): Known<readonly (Party | undefined)[]> => {
  const found = tags.map((tag) => parties.tag(tag));
  return found.some((one) => one instanceof Promise)
    ? Promise.all(found.map((one) => Promise.resolve(one)))
    : (found as (Party | undefined)[]);
};

const attributed = (
  exchange: Read,
  customer: Customer | undefined,
  tags: readonly (Party | undefined)[] = [],
): Attributed => {
  const bounds: Bounds[] = [];
  if (customer) bounds.push(heed(exchange, customer).bounds);
  for (const tag of tags) if (tag) bounds.push(tag.bounds);
  const holding = bounds.filter((one) => one !== UNBOUNDED);
  if (holding.length > 0) exchange.parties = holding;
  return exchange as Attributed;
};

/** @throws GW_CUSTOMER_BLOCKED */
const heed = (exchange: Read, customer: Customer): Customer => {
  if (customer.isBlocked)
    throw new GatewayError(
      'GW_CUSTOMER_BLOCKED',
      `User blocked from making LLM API Calls. User=${exchange.customer}. An admin can unblock it with /customer/unblock.`,
      { param: 'user' },
    );
  const { region } = customer;
  if (region !== undefined) {
    // The operator's word, whatever the request says.
    exchange.wishes = { ...exchange.wishes, region };
    exchange.regionalDefault = customer.defaultModel;
  }
  return customer;
};
