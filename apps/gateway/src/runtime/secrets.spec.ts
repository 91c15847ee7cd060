import { aDeployment } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { aConfig } from '../../test/doubles.js';
import { secretsOf } from './secrets.js';

const secrets = (changes: object): string[] =>
  secretsOf(
    aConfig({
      deployments: [],
      pluginSettings: {},
      callbacks: { named: {} },
      plugins: [],
      guardrails: [],
      auth: {},
      database: {},
      ...changes,
    }),
  );

describe('the secrets of a configuration', () => {
  it.each<[string, object, string[]]>([
    ['nothing', {}, []],
    [
      "a deployment's key, however deep",
      {
        deployments: [
          aDeployment({ connection: { api_key: 'key-123456', nested: { tokens: [{ token: 'tok-123456' }] } } }),
        ],
      },
      ['key-123456', 'tok-123456'],
    ],
    [
      "a deployment's headers, with and without their scheme",
      { deployments: [aDeployment({ headers: { 'x-anything': 'Bearer abcdefgh' } })] },
      ['Bearer abcdefgh', 'abcdefgh'],
    ],
    [
      "a deployment's extra body",
      { deployments: [aDeployment({ extraBody: { password: 'pass-123' } })] },
      ['pass-123'],
    ],
    [
      "plugins' settings",
      {
        pluginSettings: { 'callback.x': { secret_key: 'lf-123456' } },
        plugins: [{ config: { api_key: 'pl-123456' } }],
      },
      ['lf-123456', 'pl-123456'],
    ],
    ["guardrails' settings", { guardrails: [{ settings: { api_key: 'gr-123456' } }] }, ['gr-123456']],
    ["the cache's settings", { cache: { settings: { password: 'ca-123456' } } }, ['ca-123456']],
    [
      'the keys of this gateway',
      { auth: { masterKey: 'sk-123456', saltKey: 'salt-123456' }, redis: { password: 'redis-123' } },
      ['sk-123456', 'salt-123456', 'redis-123'],
    ],
    [
      'passwords inside addresses, as written and decoded',
      { database: { url: 'postgresql://u:p%40ssword@h/db' }, redis: { url: 'redis://:redis-456@h:6379' } },
      ['p%40ssword', 'p@ssword', 'redis-456'],
    ],
    ['a password that was never encoded', { database: { url: 'postgresql://u:100%-safe@h/db' } }, ['100%-safe']],
    [
      'no ordinary words',
      { deployments: [aDeployment({ connection: { api_key: 'short', region: 'eu-west-1' } })] },
      [],
    ],
    ['no address without a password', { database: { url: 'postgresql://user@host/db' } }, []],
    ['no broken address', { database: { url: 'not an @ address' } }, []],
  ])('are %s', (_title, changes, expected) => expect(secrets(changes)).toEqual(expected));

  it('are listed once', () => {
    const deployments = [1, 2].map(() => aDeployment({ connection: { api_key: 'key-123456' } }));
    expect(secrets({ deployments })).toEqual(['key-123456']);
  });
});
