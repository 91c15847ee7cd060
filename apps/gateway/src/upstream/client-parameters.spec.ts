import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import type { RuntimeSnapshot } from '../runtime/snapshot.js';
import { checkClientParameters, GATEWAY_PARAMETERS, INTERNAL_PARAMETERS } from './client-parameters.js';

const check = (body: JsonObject, settings: { allowed?: string[]; allowsAll?: boolean } = {}): void => {
  const snapshot = {
    config: { auth: { allowClientCredentials: settings.allowsAll ?? false } },
    clientParameters: new Set(settings.allowed),
  } as unknown as RuntimeSnapshot;
  checkClientParameters(body, snapshot);
};

const refused = (param: string): unknown =>
  expect.objectContaining({ code: 'GW_FORBIDDEN_PARAMETER', facts: expect.objectContaining({ param }) });

describe('what a client may say', () => {
  it('is all that concerns the model', () => {
    expect(() => check({ model: 'm', messages: [], temperature: 1, unknown: {}, user: 'u' })).not.toThrow();
  });

  it.each([
    'api_base',
    'api_key',
    'base_url',
    'custom_llm_provider',
    'model_list',
    'aws_secret_access_key',
    'user_config',
  ])('is not %s: where a call goes, and with whose key, is for the operator to say', (name) => {
    expect(() => check({ [name]: 'x' })).toThrow(refused(name));
    expect(() => check({ extra_body: { [name]: 'x' } })).toThrow(refused(`extra_body.${name}`));
    expect(() => check({ [name]: 'x' }, { allowed: ['other'] })).toThrow(refused(name));
    expect(() => check({ [name]: 'x' }, { allowed: [name] })).not.toThrow();
    expect(() => check({ [name]: 'x' }, { allowsAll: true })).not.toThrow();
  });

  it.each<[string, unknown]>([
    ['additional_drop_params', 'x'],
    ['allowed_openai_params', {}],
    ['drop_params', 'yes'],
    ['extra_body', []],
    ['extra_headers', 'x'],
    ['metadata', 'x'],
    ['stream_options', true],
  ])('must be of the right type where the gateway reads it: %s', (name, value) => {
    const body = { [name]: value } as JsonObject;
    for (const settings of [{}, { allowsAll: true }]) {
      expect(() => check(body, settings)).toThrow(
        expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: expect.objectContaining({ param: name }) }),
      );
    }
    expect(() => check({ [name]: null })).not.toThrow();
  });
});

it('keeps the two lists of its own fields apart, and away from the fields of a model', () => {
  for (const name of GATEWAY_PARAMETERS) expect(INTERNAL_PARAMETERS.has(name)).toBe(false);
  for (const name of ['model', 'messages', 'stream', 'metadata', 'user', 'store', 'tools']) {
    expect(GATEWAY_PARAMETERS.has(name) || INTERNAL_PARAMETERS.has(name)).toBe(false);
  }
});
