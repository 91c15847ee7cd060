import type { CallerSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { anExchange, someCallers } from '../../test/doubles.js';
import type { Exchange } from './exchange.js';
import { checkRequired } from './required.js';

const check =
  (body: JsonObject, settings: Partial<CallerSettings>, filled: Partial<Exchange> = {}) =>
  () =>
    checkRequired(anExchange(filled, { snapshot: { config: { callers: someCallers(settings) } } }), body);

const missing = (param: string): unknown =>
  expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: expect.objectContaining({ param }) });

describe('a request', () => {
  it('must name its end user where the operator wants to know', () => {
    expect(check({}, { requiresUser: true })).toThrow(missing('user'));
    expect(check({}, { requiresUser: true }, { customer: 'ada' })).not.toThrow();
    expect(check({}, {})).not.toThrow();
  });

  it.each<[JsonObject, string]>([
    [{}, 'metadata.name'],
    [{ metadata: 'name' }, 'metadata.name'],
    [{ metadata: { name: null } }, 'metadata.name'],
    [{ metadata: {} }, 'metadata.constructor'],
  ])('%j must have %s where that is enforced', (body, path) => {
    expect(check(body, { enforcedParams: [path] })).toThrow(missing(path));
  });

  it('that has what is enforced goes on', () => {
    expect(check({ metadata: { name: '' }, seed: 0 }, { enforcedParams: ['metadata.name', 'seed'] })).not.toThrow();
  });

  it('must have what its key enforces', () => {
    const principal = { terms: { enforcedParams: ['seed'] } } as unknown as Exchange['principal'];
    expect(check({}, {}, { principal })).toThrow(missing('seed'));
  });
});
