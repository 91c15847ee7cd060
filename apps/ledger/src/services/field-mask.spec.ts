import { describe, expect, it } from '@jest/globals';
import { applyMask } from './field-mask.js';

interface Message {
  keyAlias: string;
  models: string[];
  budget?: { maxNanoUsd?: number; duration?: string };
  metadata?: Record<string, unknown>;
  token: string;
}

const current: Message = {
  keyAlias: 'old',
  models: ['a'],
  budget: { maxNanoUsd: 5, duration: '1d' },
  metadata: { tags: ['x'], 'a.b': 1 },
  token: 't',
};
const changes = (some: Partial<Message>): Message => ({
  keyAlias: '',
  models: [],
  budget: undefined,
  metadata: undefined,
  token: '',
  ...some,
});

describe('a field mask', () => {
  it.each<[string, string[], Partial<Message>, Partial<Message>]>([
    ['changes what it names', ['key_alias'], { keyAlias: 'new', models: ['z'] }, { keyAlias: 'new' }],
    ['changes nothing when it is empty', [], { keyAlias: 'new' }, {}],
    ['clears what is absent', ['models', 'budget'], {}, { models: [], budget: undefined }],
    [
      'reaches into a message',
      ['budget.max_nano_usd'],
      { budget: { maxNanoUsd: 7 } },
      { budget: { maxNanoUsd: 7, duration: '1d' } },
    ],
    ['clears within a message', ['budget.max_nano_usd'], {}, { budget: { duration: '1d' } }],
    [
      'reaches into an open map',
      ['metadata.tags'],
      { metadata: { tags: ['y'] } },
      { metadata: { tags: ['y'], 'a.b': 1 } },
    ],
    ['knows names with dots', ['metadata.a.b'], { metadata: { 'a.b': 2 } }, { metadata: { tags: ['x'], 'a.b': 2 } }],
  ])('%s', (_title, mask, some, expected) => {
    expect(applyMask(current, changes(some), mask)).toEqual({ ...current, ...expected });
  });

  it.each(['nothing', '__proto__', 'constructor'])('is refused with the unknown field %s', (path) => {
    expect(() => applyMask(current, changes({}), [path])).toThrow(/there is no field/);
  });

  it('is refused with a field that nobody sets', () => {
    expect(() => applyMask(current, changes({ token: 'u' }), ['token'], ['token'])).toThrow(/cannot be set/);
  });

  it('changes no prototype', () => {
    applyMask(current, changes({ metadata: { ['__proto__']: { polluted: true } } }), ['metadata.__proto__.polluted']);
    expect({}).not.toHaveProperty('polluted');
  });
});
