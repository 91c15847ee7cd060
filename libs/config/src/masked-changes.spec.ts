import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { maskTree } from './mask.js';
import { withChanges } from './masked-changes.js';

describe('withChanges', () => {
  const current = {
    api_key: 'sk-live-0123456789abcd',
    api_base: 'https://user:pass-word-1@host.example/v1',
    extra_headers: { 'x-key': 'header-secret-1234' },
    system: 'wait …',
    rpm: 5,
  };
  it('takes the mask of a secret for the secret, so that what was read can be sent back', () => {
    expect(withChanges(current, maskTree(current), 'params')).toEqual(current);
    expect(withChanges(current, maskTree(current), 'params', true)).toEqual(current);
  });

  it('takes what is new as it is', () => {
    const changes = { api_key: 'sk-new-0123456789abcd', system: 'go … on', stop: ['…x'] };
    expect(withChanges(current, changes, 'params')).toEqual({ ...current, ...changes });
    expect(withChanges(current, changes, 'params', true)).toEqual(changes);
  });

  it('takes away what is null', () => {
    expect(withChanges(current, { rpm: null, none: null }, 'params')).not.toHaveProperty('rpm');
    expect(withChanges({}, { none: null }, 'params')).toEqual({});
  });

  it.each([
    [{ api_key: 'sk-…zzzz' }, 'api_key'],
    [{ other_key: 'sk-…abcd' }, 'other_key'],
    [{ extra_headers: { 'x-other': '…1234' } }, 'extra_headers.x-other'],
    [{ api_base: 'https://user:…@elsewhere.example/v1' }, 'api_base'],
  ])('refuses the mask of anything else: %j', (changes, path) => {
    expect(() => withChanges(current, changes as JsonObject, 'params')).toThrow(`params.${path} is masked`);
  });
});
