import type { CallerSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { anExchange, someCallers } from '../../test/doubles.js';
import type { Exchange, Principal } from './exchange.js';
import { checkRequired, checkTools } from './required.js';

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

describe('tools', () => {
  const offered =
    (body: JsonObject, allowed: readonly string[] = ['search']) =>
    () =>
      checkTools({ terms: { allowedTools: new Set(allowed) } } as unknown as Principal, body);

  it.each<[JsonObject]>([
    [{}],
    [{ tools: null, functions: 'x' }],
    [{ tools: [{ type: 'function', function: { name: 'search' } }], functions: [{ name: 'search' }] }],
    [{ tools: [{ type: 'search' }, { name: 'search' }, 'x'] }],
  ])('that the key may use go on: %j', (body) => expect(offered(body)).not.toThrow());

  it.each<[JsonObject, string]>([
    [{ tools: [{ type: 'function', function: { name: 'search' } }, { function: { name: 'shell' } }] }, 'shell'],
    [{ functions: [{ name: 'shell' }] }, 'shell'],
    [{ tools: [{ type: 'web_search' }] }, 'web_search'],
    [{ tools: [{ type: 'function' }] }, 'function'],
  ])('that it may not are refused: %j', (body, name) =>
    expect(offered(body)).toThrow(
      expect.objectContaining({
        code: 'GW_PERMISSION_DENIED',
        message: expect.stringContaining(`'${name}'`),
        facts: expect.objectContaining({ type: 'tool_access_denied', param: 'tools' }),
      }),
    ),
  );

  it('that are blocked are refused, also where all or these are allowed', () => {
    const check = (name: string, allowed?: string[]) => () =>
      checkTools(
        {
          terms: { allowedTools: allowed && new Set(allowed), blockedTools: new Set(['shell']) },
        } as unknown as Principal,
        { tools: [{ type: 'function', function: { name } }] },
      );
    expect(check('search')).not.toThrow();
    expect(check('shell')).toThrow("'shell'");
    expect(check('shell', ['shell'])).toThrow("'shell'");
    expect(check('other', ['search'])).toThrow("'other'");
  });

  it('are all allowed where nothing is said', () => {
    expect(() => checkTools({ terms: undefined }, { tools: [{ type: 'web_search' }] })).not.toThrow();
  });
});
