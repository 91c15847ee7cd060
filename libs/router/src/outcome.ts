// What an attempt's end teaches about its deployment.
import type { RouterSettings } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import { traitsOf, type FailureClass } from './failure-traits.js';
import { afterFailure, afterSuccess, type CooldownPolicy } from './health.js';
import type { CallFacts } from './live-state.js';
import type { Choice } from './routing.js';

export type AttemptFacts = Omit<CallFacts, 'isFailure'>;

export const cooldownPolicy = ({
  disableCooldowns,
  cooldownMs,
  allowedFails,
  allowedFailsPolicy,
}: RouterSettings): CooldownPolicy => ({
  isOff: disableCooldowns,
  cooldownMs,
  allowedFails: (failure: FailureClass) => allowedFailsPolicy[`${failure}ErrorAllowedFails`] ?? allowedFails,
});

/** It answered: its first token came, or all of its answer. */
export const answered = ({ target: { state } }: Choice, now: number): void =>
  state.changeHealth(afterSuccess(state.health, now));

/** The call is over and went well. */
export const succeeded = ({ target: { state } }: Choice, facts: AttemptFacts, now: number): void =>
  state.ended(now, { ...facts, isFailure: false });

/** The call is over, and its end says nothing about the deployment: the client left, or another was quicker. */
export const abandoned = ({ target: { state } }: Choice, tokens: number, now: number): void => state.left(now, tokens);

/** The call is over and failed, before or after something of it reached the client. */
export const failed = (
  { target, level }: Choice,
  error: GatewayError,
  facts: AttemptFacts,
  policy: CooldownPolicy,
  now: number,
): void => {
  const { state, deployment } = target;
  const traits = traitsOf(error);
  // A request that was refused tells nothing of how quick or sound the deployment is; nor does a name that a wildcard
  // took and the provider does not know.
  const isOfOneName = error.code === 'GW_UPSTREAM_NOT_FOUND' && deployment.modelName.includes('*');
  if (traits.blame === 'none' || isOfOneName) return state.left(now, facts.tokens);
  state.ended(now, { ...facts, isFailure: true });
  const { health } = state;
  const next = afterFailure(
    health,
    {
      code: error.code,
      traits,
      retryAfterMs: error.facts.retryAfterMs,
      cooldownMs: deployment.cooldownMs,
      hasAlternatives: level.group.targets.length > 1,
      ended: state.endedThisMinute,
      failed: state.failedThisMinute,
    },
    policy,
    now,
  );
  if (next.coolUntil === health.coolUntil) state.countFailure(next, next.failsUntil - now);
  else state.changeHealth(next);
};
