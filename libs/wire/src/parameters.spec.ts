import { describe, expect, it } from '@jest/globals';
import { fault } from '../test/faults.js';
import { aPolicy } from '../test/policy.js';
import { passUnsupported } from './parameters.js';

describe('a parameter that the upstream lacks', () => {
  it('is refused, with the reason and the way out', () => {
    expect(() => passUnsupported(aPolicy(), 'logprobs', 'it reasons')).toThrow(
      fault('GW_UNSUPPORTED_PARAMETER', 'logprobs'),
    );
    expect(() => passUnsupported(aPolicy(), 'logprobs', 'it reasons')).toThrow(
      /provider\.test does not support the parameter 'logprobs' \(it reasons\)\..*drop_params/,
    );
  });

  it('is dropped where parameters may be, and remembered', () => {
    const policy = aPolicy({ drop: true });
    expect([passUnsupported(policy, 'a'), passUnsupported(policy, 'b')]).toEqual([false, false]);
    expect(policy.dropped).toEqual(['a', 'b']);
  });

  it('passes where the operator allows it, even if parameters may be dropped', () => {
    const policy = aPolicy({ drop: true, allowed: new Set(['a']) });
    expect(passUnsupported(policy, 'a')).toBe(true);
    expect(policy.dropped).toEqual([]);
  });
});
