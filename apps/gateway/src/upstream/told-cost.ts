// What a stream says of its cost in its usage, where the operator wants that.
import { formatUsd } from '@turnpike/pricing';
import type { TellCost } from '@turnpike/wire';
import type { Attempt } from '../pipeline/attempt.js';
import type { Exchange } from '../pipeline/exchange.js';

const NOTHING: TellCost = () => '0';

/** @param attempt absent: the answer comes from the cache, and costs nothing. @returns undefined: nothing is said */
export const tellCostOf = ({ snapshot }: Exchange, attempt: Attempt | undefined): TellCost | undefined => {
  if (!snapshot.config.requests.tellsCostInStreams) return undefined;
  if (!attempt) return NOTHING;
  return (usage) => {
    const price = snapshot.costOf(attempt, usage);
    if (price === undefined) return undefined;
    return formatUsd(snapshot.adjustments?.adjust(attempt.target.deployment.provider, price).nanoUsd ?? price);
  };
};
