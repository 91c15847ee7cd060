import { describe, expect, it } from '@jest/globals';
import { describeOff, formatWarnings } from './warnings.js';

describe('formatWarnings', () => {
  const config = {
    warnings: [
      { kind: 'moved-key', message: 'x is at home elsewhere.', where: 'a.yaml:1' },
      { kind: 'unknown-key', message: 'y is not known.', where: 'a.yaml:2' },
      { kind: 'security', message: 'There is no master_key.' },
    ],
  } as const;

  it('puts the grave ones first and leaves moved keys out', () => {
    expect(formatWarnings(config)).toEqual(['There is no master_key.', 'a.yaml:2: y is not known.']);
  });

  it('tells moved keys too when asked', () => {
    expect(formatWarnings(config, { withMovedKeys: true }).at(-1)).toBe('a.yaml:1: x is at home elsewhere.');
  });
});

describe('describeOff', () => {
  it('says what is off and why', () => {
    expect(
      describeOff({
        disabled: [
          {
            modelName: 'm',
            model: 'openai/m',
            reason: 'api_key is missing: the variable K is not set',
            source: 'a.yaml:3',
          },
          { modelName: 'n', model: 'x/n', reason: "no provider is called 'x'" },
        ],
        off: [{ kind: 'cache', name: 'redis', reason: 'host is missing' }],
      }),
    ).toEqual([
      'm → openai/m is off: api_key is missing: the variable K is not set (a.yaml:3)',
      "n → x/n is off: no provider is called 'x'",
      'cache redis is off: host is missing',
    ]);
  });
});
