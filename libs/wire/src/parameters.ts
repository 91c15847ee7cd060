// What happens to a parameter that the upstream lacks: refused, dropped on request, or passed because the operator said so.
import { unsupportedParameter } from '@turnpike/errors';

export interface ParameterPolicy {
  /** Plugin id, for messages. */
  readonly provider: string;
  /** `drop_params`: drop instead of refusing. */
  readonly drop: boolean;
  /** `allowed_openai_params`: passed on although the upstream is thought to lack them. */
  readonly allowed: ReadonlySet<string>;
  /** Filled with what was dropped, so that the answer can tell. */
  readonly dropped: string[];
}

/**
 * Deals with a parameter that has no counterpart. Returns true when it is to be passed on as it is.
 * @throws GW_UNSUPPORTED_PARAMETER unless it is dropped or allowed
 */
export const passUnsupported = (policy: ParameterPolicy, param: string, why?: string): boolean => {
  if (policy.allowed.has(param)) return true;
  if (!policy.drop) throw unsupportedParameter(param, policy.provider, why);
  policy.dropped.push(param);
  return false;
};
