import { describe, expect, it } from '@jest/globals';
import { idOf, someTargets } from '../test/doubles.js';
import type { RoutingWishes } from './request.js';
import { byTags } from './tags.js';

/** Deployments named by their tags; `~x` is a pattern. */
const targetsTagged = (...lists: readonly string[]) =>
  someTargets(
    ...lists.map((list) => {
      const words = list.split(' ').filter((word) => word !== '');
      return {
        id: list,
        tags: words.filter((word) => !word.startsWith('~')),
        tagRegex: words.filter((word) => word.startsWith('~')).map((word) => word.slice(1)),
      };
    }),
  );

const FREE_PAID_DEFAULT = ['free', 'paid', 'free eu', 'default', ''];

const allowed = (lists: readonly string[], wishes: RoutingWishes, matchAny = true): string[] =>
  byTags(targetsTagged(...lists), wishes, matchAny).map(idOf);

describe('tags', () => {
  it.each<[string, readonly string[], string[], string[]]>([
    ['choose those that have one of them', ['free'], FREE_PAID_DEFAULT, ['free', 'free eu']],
    ['choose those that have any of them', ['free', 'paid'], FREE_PAID_DEFAULT, ['free', 'paid', 'free eu']],
    ['that nobody has choose what is tagged default', ['gone'], FREE_PAID_DEFAULT, ['default']],
    ['that nobody has choose nothing without a default', ['gone'], ['free', ''], []],
    ['that are none choose what is tagged default', [], FREE_PAID_DEFAULT, ['default']],
    ['that are none choose all where nothing is tagged default', [], ['free', 'paid', ''], ['free', 'paid', '']],
    ['with ! leave out', ['!eu'], ['free', 'free eu', ''], ['free', '']],
    ['with ! leave out of those that match', ['free', '!eu'], FREE_PAID_DEFAULT, ['free']],
    ['with ! leave out of the defaults too', ['!eu'], ['default', 'default eu'], ['default']],
    ['with & must be there', ['&eu'], FREE_PAID_DEFAULT, ['free eu']],
    ['with & must be there beside one of the others', ['paid', '&eu'], ['paid eu', 'paid', 'free eu'], ['paid eu']],
    [
      'with & choose all that have them, defaults or not',
      ['&eu'],
      ['free eu', 'default eu'],
      ['free eu', 'default eu'],
    ],
    ['with & choose nothing where they are missing', ['&gone'], FREE_PAID_DEFAULT, []],
  ])('%s', (_title, tags, lists, expected) => expect(allowed(lists, { tags })).toEqual(expected));

  it.each<[string[], string[]]>([
    [['free'], ['free', 'free eu']],
    [['free', 'eu'], ['free eu']],
    [['free', 'paid'], ['default']],
  ])('all have to match where the settings say so: %j', (tags, expected) => {
    expect(allowed(FREE_PAID_DEFAULT, { tags }, false)).toEqual(expected);
  });

  it('may be asked of a list that is empty', () => expect(byTags([], { tags: ['free'] }, true)).toEqual([]));
});

describe('a pattern', () => {
  const lists = ['~^User-Agent:\\sclaude', 'paid', 'default'];

  it.each<[string, RoutingWishes, string[]]>([
    ['chooses by the client’s name', { userAgent: 'claude-code/1.0' }, [lists[0]!]],
    ['passes over other clients', { userAgent: 'curl/8' }, ['default']],
    ['passes over clients without a name', {}, ['default']],
    ['adds to what the tags choose', { userAgent: 'claude-code/1.0', tags: ['paid'] }, [lists[0]!, 'paid']],
    ['gives way to a tag with !', { userAgent: 'claude-code/1.0', tags: ['!x'] }, [lists[0]!]],
  ])('%s', (_title, wishes, expected) => expect(allowed(lists, wishes)).toEqual(expected));

  it('does not make up for a tag that is missing where all have to match', () => {
    const wishes = { userAgent: 'claude-code/1.0' };
    expect(allowed(lists, { ...wishes, tags: ['gone'] }, false)).toEqual(['default']);
    expect(allowed(lists, wishes, false)).toEqual([lists[0]!]);
  });

  it('that is none matches nothing, and breaks nothing', () => {
    expect(allowed(['~(', 'default'], { userAgent: '(' })).toEqual(['default']);
  });
});
