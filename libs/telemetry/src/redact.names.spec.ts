import { describe, expect, it } from '@jest/globals';
import { isSecretName, isSecretParameter } from './redact.names.js';

describe('isSecretName', () => {
  it.each([
    'api_key',
    'apiKey',
    'x-api-key',
    'x-goog-api-key',
    'api-key',
    'OPENAI_API_KEY',
    'Authorization',
    'proxy-authorization',
    'password',
    'redis_password',
    'token',
    'access_token',
    'azure_ad_token',
    'x-amz-security-token',
    'client_secret',
    'aws_secret_access_key',
    'aws_access_key_id',
    'cookie',
    'Set-Cookie',
    'master_key',
    'LITELLM_SALT_KEY',
    'vertex_credentials',
    'ocp-apim-subscription-key',
    'slack_webhook_url',
  ])('%s is one', (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    'max_tokens',
    'prompt_tokens',
    'input_cost_per_token',
    'time_to_first_token',
    'stop_token',
    'api_key_alias',
    'key_name',
    'model',
    'secretary',
    'key',
    '',
  ])('%p is none', (name) => expect(isSecretName(name)).toBe(false));
});

describe('isSecretParameter', () => {
  it.each([
    ['key', true],
    ['X-Amz-Signature', true],
    ['sig', true],
    ['access_token', true],
    ['alt', false],
  ])('%s: %p', (name, expected) => expect(isSecretParameter(name)).toBe(expected));
});
