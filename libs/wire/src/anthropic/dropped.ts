import type { ParameterPolicy } from '../parameters.js';

/** Tells that a value could not be kept as it was, where refusing the whole call for it would be out of proportion. */
export const reportDropped = (policy: ParameterPolicy, param: string): void => {
  if (!policy.dropped.includes(param)) policy.dropped.push(param);
};
