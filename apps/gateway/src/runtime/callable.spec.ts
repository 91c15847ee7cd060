import type { ChatV1, EmbeddingsV1, ProviderV1 } from '@turnpike/plugin-sdk';
import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { anInstance } from '../../test/doubles.js';
import { Callable } from './callable.js';

const chat = { kind: 'local', respond: () => ({}) } as unknown as ChatV1;
const embeddings = { kind: 'local', respond: () => ({}) } as unknown as EmbeddingsV1;

const callable = (exports: ProviderV1, changes: Parameters<typeof aDeployment>[0] = {}): Callable =>
  new Callable(aDeployment(changes), anInstance('provider.x', exports));

describe('what a deployment can do', () => {
  it('is what its provider offers', () => {
    const completions = { kind: 'local' } as never;
    expect(callable({ chat, completions, embeddings }).operations).toEqual({ chat, completions, embeddings });
  });

  it('is also text completion, where the provider chats', () => {
    expect(callable({ chat }).operations.completions?.kind).toBe('local');
    expect(callable({ embeddings }).operations.completions).toBeUndefined();
  });
});

describe('parameters that pass', () => {
  const { allowedWith } = {
    allowedWith: (asked: never) => callable({ chat }, { allowedParams: ['a'] }).allowedWith(asked),
  };

  it.each<[unknown, string[]]>([
    [undefined, ['a']],
    [[], ['a']],
    ['b', ['a']],
    [
      ['b', 5, 'a'],
      ['a', 'b'],
    ],
  ])("are the deployment's and those the request asks for: %j", (asked, expected) => {
    expect([...allowedWith(asked as never)]).toEqual(expected);
  });
});

describe('headers', () => {
  const made = callable({ chat }, { headers: { 'X-Own': '1', Authorization: 'theirs' } });

  it("are the endpoint's with the deployment's over them", () => {
    expect(made.headersWith({ authorization: 'k', 'x-endpoint': '2' })).toEqual({
      'content-type': 'application/json',
      authorization: 'theirs',
      'x-endpoint': '2',
      'x-own': '1',
    });
    expect(made.headersWith({ 'content-type': 'text/plain' })).toMatchObject({ 'content-type': 'text/plain' });
  });

  it('that list features hold those of both', () => {
    const featured = callable({ chat }, { headers: { 'Anthropic-Beta': 'own, both' } });
    expect(featured.headersWith({ 'anthropic-beta': 'both,theirs' })['anthropic-beta']).toBe('both,theirs,own');
    expect(featured.headersWith({})['anthropic-beta']).toBe('own, both');
  });

  it('are put together once for the same object', () => {
    const endpoint = { authorization: 'k' };
    expect(made.headersWith(endpoint)).toBe(made.headersWith(endpoint));
    expect(made.headersWith({ ...endpoint })).not.toBe(made.headersWith(endpoint));
  });
});
