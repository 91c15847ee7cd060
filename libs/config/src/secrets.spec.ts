import { describe, expect, it } from '@jest/globals';
import { isSecretName, looksSecret, maskSecret, maskUrl } from './secrets.js';

describe('isSecretName', () => {
  it.each([
    'api_key',
    'masterKey',
    'saltKey',
    'AWS_ACCESS_KEY_ID',
    'aws_secret_access_key',
    'langfuse_public_key',
    'password',
    'azure_ad_token',
    'vertex_credentials',
    'OPENAI_API_KEY_1',
    'auth_value',
    'sentinel_password',
  ])('is true of %p', (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    'max_tokens',
    'keyHeaderName',
    'litellm_key_header_name',
    'key_management_system',
    'key_management_settings',
    'token_rate_limit_type',
    'input_cost_per_token',
    'user_api_key_cache_ttl',
    'api_base',
    '',
  ])('is false of %p', (name) => expect(isSecretName(name)).toBe(false));
});

describe('maskSecret', () => {
  it.each([
    ['sk-proj-1234567890abcd', 'sk-…abcd'],
    ['AIzaSyA1234567890wxyz', '…wxyz'],
    ['Bearer sk-1234567890abcd', 'sk-…abcd'],
    ['sk-123456789', '…'],
    ['hunter2', '…'],
  ])('shows %p as %p', (secret, masked) => expect(maskSecret(secret)).toBe(masked));
});

describe('looksSecret', () => {
  it.each(['sk-abcdefgh1234', 'AIzaSyA12345678901234567890', 'Bearer abcdefgh12', 'gsk_abcdefgh12'])(
    'knows %p',
    (text) => expect(looksSecret(text)).toBe(true),
  );
  it.each(['gpt-4o', 'sk-', 'a sk-abcdefgh1234 in prose', 'text-embedding-3-small'])('passes %p', (text) =>
    expect(looksSecret(text)).toBe(false),
  );
});

describe('maskUrl', () => {
  it.each([
    ['postgresql://user:pass@db:5432/litellm', 'postgresql://user:…@db:5432/litellm'],
    ['redis://:pass@redis:6379/0', 'redis://:…@redis:6379/0'],
    ['https://host/path?key=abc&x=1', 'https://host/path?key=…&x=…'],
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['not a url', 'not a url'],
  ])('shows %p as %p', (url, shown) => expect(maskUrl(url)).toBe(shown));

  it('hides the path of a webhook', () => {
    expect(maskUrl('https://hooks.slack.com/services/T0/B0/xyz', true)).toBe('https://hooks.slack.com/…');
  });
});
