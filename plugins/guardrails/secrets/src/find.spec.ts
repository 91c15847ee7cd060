import { describe, expect, it } from '@jest/globals';
import { findSecrets } from './find.js';

/** Made up here, in pieces, so that no scanner takes this file for a leak. */
const random = (length: number, alphabet = 'aB3dE5gH7jK9mN1pQ2sT4vW6xY8z'): string =>
  Array.from({ length }, (_, index) => alphabet[(index * 11 + (index >> 2)) % alphabet.length]).join('');
const hex = (length: number): string => random(length, '0a1b2c3d4e5f6789');
const upper = (length: number): string => random(length, 'A2B3C4D5E6F7GHJK');

const found = (text: string, key?: string): [string, string][] =>
  findSecrets(text, key).map(({ kind, start, end }) => [kind, text.slice(start, end)]);

describe('a secret is found', () => {
  it.each<[string, string]>([
    ['anthropic-key', `sk-ant-api03-${random(90)}`],
    ['openrouter-key', `sk-or-v1-${hex(64)}`],
    ['openai-key', `sk-proj-${random(80)}`],
    ['openai-key', `sk-${random(48)}`],
    ['openai-key', `sk-${random(22)}`],
    ['aws-access-key', `AKIA${upper(16)}`],
    ['aws-access-key', `ASIA${upper(16)}`],
    ['google-key', `AIza${random(35)}`],
    ['google-oauth', `ya29.${random(60)}`],
    ['google-oauth', `GOCSPX-${random(28)}`],
    ['github-token', `ghp_${random(36)}`],
    ['github-token', `github_pat_${random(82)}`],
    ['gitlab-token', `glpat-${random(20)}`],
    ['slack-token', `xoxb-123456789012-${random(24)}`],
    ['slack-token', `hooks.slack.com/services/T0001/B0001/${random(24)}`],
    ['stripe-key', `sk_live_${random(24)}`],
    ['stripe-key', `rk_test_${random(24)}`],
    ['stripe-key', `whsec_${random(32)}`],
    ['groq-key', `gsk_${random(52)}`],
    ['xai-key', `xai-${random(80)}`],
    ['perplexity-key', `pplx-${random(48)}`],
    ['huggingface-token', `hf_${random(34)}`],
    ['replicate-token', `r8_${random(37)}`],
    ['sendgrid-key', `SG.${random(22)}.${random(43)}`],
    ['npm-token', `npm_${random(36)}`],
    ['pypi-token', `pypi-AgE${random(80)}`],
    ['twilio-key', `SK${hex(32)}`],
    ['telegram-token', `123456789:AA${random(33)}`],
    ['digitalocean-token', `dop_v1_${hex(64)}`],
    ['shopify-token', `shpat_${hex(32)}`],
    ['databricks-token', `dapi${hex(32)}`],
    ['jwt', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${random(43)}`],
  ])('%s, in a sentence, in quotes, and in an address', (kind, secret) => {
    for (const text of [`use ${secret}, please`, `"${secret}"`, `https://x.org/?k=${secret}&a=1`, secret]) {
      expect(found(text)).toContainEqual([kind, secret]);
    }
  });

  it.each<[string, string, string]>([
    ['azure-storage-key', `AccountName=a;AccountKey=${random(86)}==;`, `${random(86)}==`],
    ['url-password', 'postgres://app:s3cr3t-word@db.local:5432/x', 's3cr3t-word'],
    ['url-password', 'redis://:hunter2@10.0.0.1', 'hunter2'],
    ['url-password', 'https://me:p%40ss@host/x', 'p%40ss'],
    ['bearer', `Authorization: Bearer ${random(32)}`, random(32)],
    ['bearer', `authorization: basic ${random(24)}==`, `${random(24)}==`],
    ['assignment', 'password=hunter2hunter2', 'hunter2hunter2'],
    ['assignment', 'DB_PASSWORD: "Tr0ub4dor&3"', 'Tr0ub4dor&3'],
    ['assignment', "const pwd = 'abc123def!';", 'abc123def!'],
    ['assignment', `API_KEY=${random(24)}`, random(24)],
    ['assignment', `{"client_secret": "${random(24)}"}`, random(24)],
    ['assignment', `aws_secret_access_key = ${random(40)}`, random(40)],
    ['assignment', `refresh_token => ${random(32)}`, random(32)],
  ])('%s: %s', (kind, text, secret) => expect(found(text)).toContainEqual([kind, secret]));

  it.each([
    ['whole', `-----BEGIN RSA PRIVATE KEY-----\n${random(64)}\n${random(64)}\n-----END RSA PRIVATE KEY-----`],
    [
      'with a header',
      `-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${random(64)}\n-----END EC PRIVATE KEY-----`,
    ],
    ['with written line ends', String.raw`-----BEGIN PRIVATE KEY-----\n${random(64)}\n-----END PRIVATE KEY-----`],
    ['cut off', `-----BEGIN OPENSSH PRIVATE KEY-----\n${random(64)}\n${random(30)}`],
  ])('a private key, %s, and nothing after it', (_how, key) => {
    expect(found(`see ${key}\nAnd then what?`)).toContainEqual(['private-key', key]);
  });

  it('with zero-width characters in it', () => {
    expect(found(`ghp_${random(18)}\u200b${random(36)}`)[0]?.[0]).toBe('github-token');
  });

  it('with more at its end than it should have', () => {
    expect(found(`sk-proj-${random(900)}`)[0]).toEqual(['openai-key', `sk-proj-${random(900)}`]);
  });

  it('by the property that it is the value of', () => {
    expect(found('hunter2hunter2', 'db_password')).toEqual([['assignment', 'hunter2hunter2']]);
    expect(found(random(24), 'apiKey')).toEqual([['assignment', random(24)]]);
    expect(found('hunter2hunter2', 'username')).toEqual([]);
    expect(found('the 2 words 4 you', 'password')).toEqual([]);
  });
});

describe('nothing is found in', () => {
  it.each([
    'The token limit is 4096 tokens; max_tokens: 128000 and tokenizer: "cl100k_base".',
    'password: required, at least 8 characters',
    'password = getPassword()',
    'api_key: os.environ/OPENAI_API_KEY',
    'const key = process.env.API_KEY;',
    'API_KEY=${API_KEY}',
    'password=<your-password-123>',
    'token: {{ secrets.TOKEN_1234567890 }}',
    'password=********',
    'api_key=your-api-key-goes-here-1234',
    'sk-learn-something-new-every-single-day',
    'sk-SK and sk-CZ are locales; SKU-12345 is an article',
    'import sklearn.ensemble as sk',
    'commit 3f2504e04f8911d39a0c0305e82c3301aabbccdd',
    'id 123e4567-e89b-12d3-a456-426614174000',
    'https://example.org:8080/a@b?user=me',
    'postgres://user:password@localhost/db',
    'mysql://user:${PASSWORD}@localhost/db',
    'see https://github.com/org/repo/blob/main/src/token.ts#L10',
    '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----',
    '-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkq\n-----END CERTIFICATE-----',
    'pk_live_1234567890abcdefghijklmn is a publishable key',
    'Bearer tokens are sent in the Authorization header.',
    'eyJhbGciOiJIUzI1NiJ9 alone is only a header',
    'AKIASHORT and AKIAIOSFODNN7EXAMPLETOOLONG',
    'The secret: nobody knows it. Pass word, pass by.',
    'A data URL: data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA',
    'next_page_token: none',
    'the password is swordfish',
  ])('%s', (text) => expect(found(text)).toEqual([]));
});

describe('a hostile text takes time in proportion to its length', () => {
  it.each([
    ['one long word', 'a'],
    ['beginnings of keys', 'sk-'],
    ['beginnings of private keys', '-----BEGIN PRIVATE KEY-----'],
    ['beginnings of addresses', 'a://'],
    ['addresses without end', 'a://b:c'],
    ['names', 'password'],
    ['assignments', 'password = '],
    ['tokens of three parts', 'eyJaaaaaaaaaaaa.'],
    ['white space', ' '],
    ['prose', 'The quick brown fox jumps over the lazy dog. '],
  ])(
    '%s',
    (_what, unit) => {
      const startedAt = process.cpuUsage();
      findSecrets(unit.repeat(Math.ceil((10 * 1024 * 1024) / unit.length)));
      expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(8_000);
    },
    30_000,
  );
});
