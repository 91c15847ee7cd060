// Deadlines for what plugins do by themselves.
import { GatewayError } from '@turnpike/errors';
import type { Abortable } from '../pipeline/attempt.js';

/** The work, given up and refused when it takes longer than `ms`. @throws GW_TIMEOUT */
export const bounded = <T>(work: Promise<T>, ms: number, owner: Abortable): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      owner.abort();
      reject(new GatewayError('GW_TIMEOUT', `The provider did not answer within ${ms / 1_000} s.`));
    }, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
