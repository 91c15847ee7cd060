// A provider's failed answer → our error, with its provider named and the headers that clients read.
import { GatewayError, namingProvider, type UpstreamFailure } from '@turnpike/errors';
import { passedOn } from '../filters/answer-headers.js';
import type { PreparedCall } from './prepare.js';

export const failedAnswer = ({ operation, call }: PreparedCall, failure: UpstreamFailure): GatewayError => {
  const error = operation.toError(failure, call);
  const { code, message, facts } = namingProvider(error, call.policy.provider) as GatewayError;
  return new GatewayError(code, message, { ...facts, upstreamHeaders: passedOn(failure.headers) });
};
