import { describe, expect, it } from '@jest/globals';
import { BROKE_OFF_STREAM, streamCut, toInnerError, unreadable } from './faults.js';

describe('a fault of an answer', () => {
  it('that cannot be read says what, and keeps the cause', () => {
    const cause = new SyntaxError('x');
    expect(unreadable("it has no 'choices'", cause)).toMatchObject({
      code: 'GW_UPSTREAM_INVALID_RESPONSE',
      message: "The provider's answer cannot be read: it has no 'choices'.",
      cause,
    });
  });

  it('that was cut off is one of its own', () => expect(streamCut().code).toBe('GW_STREAM_CUT'));

  it.each([
    [
      { error: { message: 'Overloaded', type: 'overloaded_error', code: 'c' } },
      'GW_UPSTREAM_UNAVAILABLE',
      'Overloaded',
    ],
    [{ error: 'slow down: too many requests' }, 'GW_UPSTREAM_RATE_LIMITED', 'slow down: too many requests'],
    [{ error: {} }, 'GW_UPSTREAM_ERROR', 'no reason given'],
  ])('that came inside a 200 means what it says: %j', (failure, code, reason) => {
    expect(toInnerError(failure, BROKE_OFF_STREAM)).toMatchObject({
      code,
      message: `The provider broke off the stream: ${reason}`,
    });
  });

  it('that came inside a 200 keeps the words for programs', () => {
    const { facts } = toInnerError({ error: { message: 'm', type: 't', code: 'c' } }, 'It failed');
    expect(facts).toEqual({ upstreamCode: 'c', upstreamType: 't' });
  });
});
