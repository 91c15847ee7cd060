import type { CallerSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { someCallers } from '../../test/doubles.js';
import { customerIn, internalUserIn, plainTags, tagsIn, type Naming } from './parties.js';

const naming = (
  body: JsonObject,
  headers: Record<string, string> = {},
  settings: Partial<CallerSettings> = {},
): Naming => ({ body, headers, settings: someCallers(settings) });

describe('the end user of a call', () => {
  const mapped = { customerHeaders: ['x-user', 'x-other'] };

  it.each<[string, JsonObject, Record<string, string>, Partial<CallerSettings>, string | undefined]>([
    ['is nobody where nobody is named', {}, {}, mapped, undefined],
    ['is the user of the body', { user: 'ada' }, {}, {}, 'ada'],
    ['may be a number', { user: 7 }, {}, {}, '7'],
    ['is named by a header rather', { user: 'ada' }, { 'x-litellm-customer-id': 'bob' }, {}, 'bob'],
    ['is named by either header', {}, { 'x-litellm-end-user-id': 'bob' }, {}, 'bob'],
    ['is named by a header of the operator', { user: 'ada' }, { 'x-other': 'bob' }, mapped, 'bob'],
    ['is named by the known headers first', {}, { 'x-litellm-customer-id': 'a', 'x-user': 'b' }, mapped, 'a'],
    ['is not named by an empty header', { user: 'ada' }, { 'x-litellm-customer-id': ' ' }, {}, 'ada'],
    ['is named by metadata of ours', { litellm_metadata: { user: 'ada' }, metadata: { user_id: 'b' } }, {}, {}, 'ada'],
    ['is named by metadata', { metadata: { user_id: 'ada' }, safety_identifier: 'b' }, {}, {}, 'ada'],
    ['is named by the safety identifier', { safety_identifier: 'ada' }, {}, {}, 'ada'],
    ['is no list and no object', { user: ['ada'], metadata: { user_id: {} } }, {}, {}, undefined],
    ['is not what metadata inherits', { metadata: {} }, {}, {}, undefined],
    ['is cut to 256 characters', { user: 'a'.repeat(300) }, {}, {}, 'a'.repeat(256)],
    ['may have any name', { user: "auth0|x'; DROP TABLE users" }, {}, {}, "auth0|x'; DROP TABLE users"],
  ])('%s', (_what, body, headers, settings, expected) =>
    expect(customerIn(naming(body, headers, settings))).toBe(expected),
  );

  it('is not one of our own users, whom another header names', () => {
    const settings = { internalUserHeaders: ['x-staff'] };
    expect(internalUserIn(naming({ user: 'ada' }, { 'x-staff': 'olga' }, settings))).toBe('olga');
    expect(internalUserIn(naming({ user: 'ada' }, { 'x-staff': 'olga' }))).toBeUndefined();
  });
});

describe('the tags of a call', () => {
  it.each<[string, JsonObject, Record<string, string>, string[] | undefined]>([
    ['are none where nobody gives any', {}, {}, undefined],
    ['are those of its body', { tags: ['a'] }, {}, ['a']],
    ['are those of its metadata', { metadata: { tags: ['a', 'b'] } }, {}, ['a', 'b']],
    ['are those of metadata of ours', { litellm_metadata: { tags: ['a'] } }, {}, ['a']],
    ['are those of a header', {}, { 'x-litellm-tags': 'a, b,' }, ['a', 'b']],
    [
      'are all of them, each once',
      { tags: ['a'], metadata: { tags: ['b', 'a'] } },
      { 'x-litellm-tags': 'c' },
      ['a', 'b', 'c'],
    ],
    ['are one text of metadata that OpenAI takes', { metadata: { tags: 'a, b' } }, {}, ['a', 'b']],
    ['are not nothing', { tags: null, metadata: { tags: null } }, {}, undefined],
    ['are not empty', { tags: ['', ' '] }, {}, undefined],
    ['are cut to 256 characters', { tags: ['a'.repeat(300)] }, {}, ['a'.repeat(256)]],
  ])('%s', (_what, body, headers, expected) => expect(tagsIn(naming(body, headers))).toEqual(expected));

  it('begin with those of the key and team, which cost nothing where there are no others', () => {
    const own = ['key', 'team'];
    expect(tagsIn(naming({}), own)).toBe(own);
    expect(tagsIn(naming({ tags: ['a', 'team'] }), own)).toEqual(['key', 'team', 'a']);
  });

  it('are the values of headers that the operator names', () => {
    const settings = { tagHeaders: ['x-team', 'x-absent'] };
    expect(tagsIn(naming({}, { 'x-team': 'red' }, settings))).toEqual(['x-team: red']);
  });

  it.each<[string, JsonObject]>([
    ['tags', { tags: 5 }],
    ['tags', { tags: ['a', 5] }],
    ['tags', { tags: { a: 1 } }],
    ['metadata.tags', { metadata: { tags: [null] } }],
    ['litellm_metadata.tags', { litellm_metadata: { tags: true } }],
    ['tags', { tags: Array.from({ length: 65 }, (_, at) => `t${at}`) }],
  ])('that are none are refused: %s in %j', (param, body) => {
    const facts = expect.objectContaining({ param });
    expect(() => tagsIn(naming(body))).toThrow(expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts }));
  });

  it('of metadata are refused where the operator does not take them; others are taken', () => {
    const settings = { refusesClientTags: true };
    const facts = expect.objectContaining({ param: 'metadata.tags', type: 'bad_request_error' });
    const refused = expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts });
    expect(() => tagsIn(naming({ metadata: { tags: ['a'] } }, {}, settings))).toThrow(refused);
    expect(tagsIn(naming({}, { 'x-litellm-tags': 'a' }, settings), ['own'])).toEqual(['own', 'a']);
  });

  it('are counted without what only the router understands', () => {
    expect(plainTags(['a', '!b', '&c'])).toEqual(['a', 'c']);
    const plain = ['a'];
    expect(plainTags(plain)).toBe(plain);
  });
});
