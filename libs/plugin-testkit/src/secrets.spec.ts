import { describe, expect, it } from '@jest/globals';
import { findSecret, secretsOf } from './secrets.js';

describe('the secrets of a configuration', () => {
  it.each<[string, object, string[]]>([
    ['stand under secret names', { api_key: 'sk-123456', url: 'https://a.b' }, ['sk-123456']],
    ['may lie deep', { auth: { aws_secret_access_key: 'abcdefgh' } }, ['abcdefgh']],
    ['include all below a secret name', { credentials: { id: 'identity', list: ['listed'] } }, ['identity', 'listed']],
    ['include passwords in addresses', { url: 'redis://user:pass%20word@host:6379' }, ['pass word']],
    ['are no counts', { max_tokens: 100, token_limit: '100000', key_prefix: 'prefix' }, []],
    ['are not too short to be told from words', { api_key: 'x' }, []],
  ])('%s', (_title, config, secrets) => {
    expect(secretsOf(config)).toEqual(secrets);
  });
});

describe('a secret is found', () => {
  const secret = 'sample-secret/+1';
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;

  it.each<[string, unknown, string | undefined]>([
    ['in a string', `Bearer ${secret}`, '$'],
    ['in a member', { headers: { authorization: secret } }, '$.headers.authorization'],
    ['in a key', { [secret]: 1 }, `$.${secret}`],
    ['in a message', Object.assign(new Error(`refused ${secret}`), { stack: '' }), '$.message'],
    ['in a stack', Object.assign(new Error('refused'), { stack: secret }), '$.stack'],
    ['in a cause', Object.assign(new Error('x', { cause: { key: secret } }), { stack: '' }), '$.cause.key'],
    ['in bytes', { body: Buffer.from(secret) }, '$.body'],
    ['in a map', new Map([['key', secret]]), '$.0.1'],
    ['percent-encoded', `https://a.b/?key=${encodeURIComponent(secret)}`, '$'],
    ['in base64', Buffer.from(secret).toString('base64'), '$'],
    ['nowhere in a value that holds itself', circular, undefined],
    ['nowhere in other text', { a: ['sample-secret'] }, undefined],
  ])('%s', (_title, value, path) => {
    expect(findSecret(value, [secret])).toBe(path);
  });
});
