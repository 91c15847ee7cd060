import { describe, expect, it } from '@jest/globals';
import { OldSecrets, SealedValue } from './old-secrets.js';

/** Made with PyNaCl 1.6 and cryptography 46, as LiteLLM calls them, under the salt `sk-salt-of-the-old-one`. */
const SEALED = {
  'sk-upstream-secret': [
    'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXAhveLTtLnNXaFk6wxRzftshi_TwinxczsO-JMs0obmHQ9g==',
    'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXAhveLTtLnNXaFk6wxRzftshi/TwinxczsO+JMs0obmHQ9g==',
    'v2:gcm:AAECAwQFBgcICQoL1Ag_NYM2XorwxxR-fVM5vAyyVXwYQvd7XJguYMy7JeVK-w==',
    'v3:gcm:AAECAwQFBgcICQoLibidUPuz3kdw9LS3egSKpMIncF3fKgE0AUehHAN_nrLKKw==',
  ],
  '': [
    'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXs0Kp_-Z-dOMwMWeC-8sYWQ==',
    'v2:gcm:AAECAwQFBgcICQoL1sJhgOZJiQlBjBN9sQ8sNg==',
    'v3:gcm:AAECAwQFBgcICQoLejO7hC1hm7bfz5XCT7wDKw==',
  ],
  'höher?>ÿÿÿ': [
    'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXWLoNgCSHLBJN1cx32_6U8NPKZiE3nlx_FjEnoH3y',
    'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXWLoNgCSHLBJN1cx32/6U8NPKZiE3nlx/FjEnoH3y',
    'v2:gcm:AAECAwQFBgcICQoLz6CkKJY3FcZWGbrszYkTko9DyQNlFngR3wCLan-_',
    'v3:gcm:AAECAwQFBgcICQoLkhAGTe6ylQvWKholyt4so9YqgpFOAFNtau1WBrpi',
  ],
};
const cases = Object.entries(SEALED).flatMap(([text, values]) =>
  values.map((value): [string, string] => [value, text]),
);
const secrets = new OldSecrets('sk-salt-of-the-old-one');

it.each(cases)('opens %s', (value, text) => expect(secrets.open(value)).toBe(text));

it('opens what is marked as sealed', () => {
  expect(secrets.open(`litellm_enc::${SEALED['sk-upstream-secret'][0]!}`)).toBe('sk-upstream-secret');
});

it.each(['openai/gpt-4o', 'https://api.example/v1', 'sk-short', 'os.environ/OPENAI_API_KEY', 'us-east-1', ''])(
  'leaves %j as it is: it was never sealed',
  (value) => expect(secrets.open(value)).toBe(value),
);

describe('does not open, and never hands out as it is', () => {
  it.each([
    ['what was sealed with another key', SEALED['sk-upstream-secret'][0]!.replace('AAEC', 'BAEC')],
    ['what was cut', 'v3:gcm:AAECAwQFBgcICQoLibid'],
    ['nothing behind a prefix', 'v2:gcm:'],
    [
      'a key that looks as if it were sealed',
      'sk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ],
  ])('%s', (_, value) => {
    expect(() => secrets.open(value)).toThrow(SealedValue);
    expect(() => secrets.open(value)).toThrow(/^does not decrypt$/);
  });

  it.each(cases)('%s without a key', (value) => {
    expect(() => new OldSecrets('').open(value)).toThrow('there is no key');
  });
});
