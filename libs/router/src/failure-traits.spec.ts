import { ERRORS, GatewayError, type ErrorCode } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFailure } from '../test/doubles.js';
import { traitsOf, type FailureTraits } from './failure-traits.js';

/** In one line: class, where it is retried, what it says of the deployment; `ends` when no other group is asked. */
const inWords = ({ class: failureClass, retry, blame, fallsBack, isFree }: FailureTraits): string =>
  [failureClass, retry, blame, ...(fallsBack ? [] : ['ends']), ...(isFree ? ['free'] : [])].join(' ');

const KNOWN: Partial<Record<ErrorCode, string>> = {
  GW_INVALID_REQUEST: 'BadRequest nowhere none',
  GW_UNPROCESSABLE: 'BadRequest nowhere none',
  GW_BODY_TOO_LARGE: 'BadRequest nowhere none',
  GW_CONTEXT_WINDOW_EXCEEDED: 'BadRequest nowhere none',
  GW_CONTENT_POLICY: 'ContentPolicyViolation nowhere none',
  GW_UNSUPPORTED_PARAMETER: 'BadRequest elsewhere none free',
  GW_EGRESS_REFUSED: 'BadRequest elsewhere none free',
  GW_UPSTREAM_AUTHENTICATION: 'Authentication elsewhere unusable',
  GW_UPSTREAM_BILLING: 'Authentication elsewhere unusable',
  GW_UPSTREAM_PERMISSION_DENIED: 'Authentication elsewhere failed',
  GW_UPSTREAM_NOT_FOUND: 'NotFound elsewhere unusable',
  GW_UPSTREAM_RATE_LIMITED: 'RateLimit anywhere full',
  GW_TIMEOUT: 'Timeout anywhere failed',
  GW_UPSTREAM_CONFLICT: 'InternalServer anywhere failed',
  GW_UPSTREAM_ERROR: 'InternalServer anywhere failed',
  GW_UPSTREAM_UNAVAILABLE: 'InternalServer anywhere failed',
  GW_UPSTREAM_CONNECTION: 'InternalServer anywhere failed',
  GW_UPSTREAM_INVALID_RESPONSE: 'InternalServer anywhere failed',
  GW_STREAM_CUT: 'InternalServer anywhere failed',
  GW_INTERNAL: 'InternalServer elsewhere none',
  GW_NO_DEPLOYMENT_READY: 'RateLimit nowhere none',
  GW_NO_DEPLOYMENT_USABLE: 'RateLimit nowhere none',
  GW_RATE_LIMITED: 'RateLimit nowhere none',
};

const ENDS = 'InternalServer nowhere none ends';

describe('a failure', () => {
  it.each(Object.keys(ERRORS).map((code) => [code, KNOWN[code as ErrorCode] ?? ENDS]))('%s is: %s', (code, words) => {
    expect(inWords(traitsOf(aFailure(code as ErrorCode)))).toBe(words);
  });

  it('of a request that the gateway itself refused ends it: every deployment would be asked the same', () => {
    expect(inWords(traitsOf(new GatewayError('GW_INVALID_REQUEST', 'messages is missing')))).toBe(ENDS);
  });
});
