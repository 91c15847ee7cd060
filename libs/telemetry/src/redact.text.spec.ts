import { afterEach, describe, expect, it } from '@jest/globals';
import { forgetSecrets, redactText, redactUrl, registerSecret } from './redact.text.js';

afterEach(forgetSecrets);

/** Put together here, so that no scanner takes this file for a leak. */
const join = (...parts: string[]): string => parts.join('');

describe('redactText on known shapes', () => {
  it.each([
    ['sk-', 'proj-abcDEF0123456789'],
    ['sk-', 'ant-api03-abc_DEF-123'],
    ['sk-', 'or-v1-0123456789abcdef'],
    ['pk-', 'lf-12345678-aaaa'],
    ['sk_', 'live_abcdef123456'],
    ['AIza', 'SyA1234567890abcdefghij_KLM-no'],
    ['gsk_', 'abcdefghij0123456789'],
    ['xai-', 'abcdefghij0123456789'],
    ['hf_', 'abcdefghijklmnop'],
    ['ghp_', 'abcdefghijklmnop0123'],
    ['xoxb-', '1234567890-abcdef'],
    ['AKIA', 'IOSFODNN7EXAMPLE'],
    ['ya29.', 'a0AfH6SMBx-abc_def'],
    ['eyJ', 'hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_def-123'],
  ])('masks %s…', (start, rest) => {
    expect(redactText(`before ${join(start, rest)}, after`)).toBe('before ***, after');
  });

  it('masks a private key, also one that is cut', () => {
    const begin = join('-----BEGIN RSA ', 'PRIVATE KEY-----');
    const end = join('-----END RSA ', 'PRIVATE KEY-----');
    expect(redactText(`a ${begin}\nMIIE\nabc\n${end} z`)).toBe('a *** z');
    expect(redactText(`a ${begin}\nMIIEabc`)).toBe('a ***');
  });

  it.each([
    'task-force-alpha',
    'xai-grok-4-fast-non-reasoning',
    'the disk-cache',
    'Basic authentication',
    'eyJ.',
    'AKIA',
  ])('leaves %p alone', (text) => expect(redactText(text)).toBe(text));
});

describe('redactText on what introduces a secret', () => {
  it.each([
    ['Bearer abcdef123', 'Bearer ***'],
    ['authorization: Bearer abcdef123', 'authorization: ***'],
    ['Basic dXNlcjpwYXNz', 'Basic ***'],
    ['api_key=abc&model=x', 'api_key=***&model=x'],
    ['{"api_key":"abc","model":"x"}', '{"api_key":"***","model":"x"}'],
    [String.raw`"{\"client_secret\":\"abc\",\"n\":1}"`, String.raw`"{\"client_secret\":\"***\",\"n\":1}"`],
    ["password: 'abc def'", "password: '*** def'"],
    ['DB_PASSWORD=abc', 'DB_PASSWORD=***'],
    ['x-api-key: abc', 'x-api-key: ***'],
    ['token=abc; path=/', 'token=***; path=/'],
    ['cookie: a=1; b=2\nhost: x', 'cookie: ***\nhost: x'],
    ['{"set-cookie":"a=1; b=2","host":"x"}', '{"set-cookie":"***","host":"x"}'],
    ['postgres://user:p@ss@db:5432/x', 'postgres://user:***@db:5432/x'],
    ['redis://:pass@cache', 'redis://:***@cache'],
    ['https://onlytoken@host/x', 'https://***@host/x'],
  ])('masks %p as %p', (text, masked) => {
    expect(redactText(text)).toBe(masked);
    expect(redactText(masked)).toBe(masked);
  });

  it.each([
    'max_tokens: 100, prompt_tokens=12',
    'api_key_alias: prod',
    'Unexpected token: }',
    'https://host/@scope/name?page=2',
    'mail to a@b.example',
    'short',
  ])('leaves %p alone', (text) => expect(redactText(text)).toBe(text));

  it('takes time in proportion to the text', () => {
    for (const unit of ['a', '-', '://', '?a', 'cookie ', 'api_key ', 'eyJ', 'Basic ', 'a://b', '&;']) {
      const text = unit.repeat(Math.ceil(400_000 / unit.length));
      const start = performance.now();
      redactText(`${text}=:`);
      expect(performance.now() - start).toBeLessThan(1_000);
    }
  });
});

describe('redactUrl', () => {
  it.each([
    ['https://host/v1/models?key=abc&alt=sse', 'https://host/v1/models?key=***&alt=sse'],
    ['https://host/a?alt=sse&api%5Fkey=abc', 'https://host/a?alt=sse&api%5Fkey=***'],
    ['https://host/a?X-Amz-Signature=abc&X-Amz-Date=1', 'https://host/a?X-Amz-Signature=***&X-Amz-Date=1'],
    ['https://host/cb#access_token=abc&state=1', 'https://host/cb#access_token=***&state=1'],
    ['https://u:p@host/', 'https://u:***@host/'],
    ['https://host/?%zz=1', 'https://host/?%zz=1'],
  ])('masks %s', (url, masked) => expect(redactUrl(url)).toBe(masked));

  it('takes a URL object', () => expect(redactUrl(new URL('https://host/?key=abc'))).toBe('https://host/?key=***'));
});

describe('registerSecret', () => {
  it('masks the value wherever it stands', () => {
    registerSecret('hunter2hunter2');
    expect(redactText('xhunter2hunter2y')).toBe('x***y');
  });

  it.each([
    ['inside a URL', 'p@ss/wörd', 'a p%40ss%2Fw%C3%B6rd z'],
    ['inside a JSON string', 'pa"ss\\word', String.raw`a pa\"ss\\word z`],
    ['with characters that mean something in patterns', 'a.b*c(d[e', 'a a.b*c(d[e z'],
    ['with spaces around it when it was registered', '  abcdefg\n', 'a abcdefg z'],
  ])('masks a value %s', (_, secret, text) => {
    registerSecret(secret);
    expect(redactText(text)).toBe('a *** z');
  });

  it('takes half a surrogate pair, which has no URL form', () => {
    registerSecret('abcdef\ud800');
    expect(redactText('a abcdef\ud800 z')).toBe('a *** z');
  });

  it('masks the longer of two values that begin alike', () => {
    registerSecret('abcdef');
    registerSecret('abcdef-ghijkl');
    expect(redactText('abcdef-ghijkl')).toBe('***');
  });

  it('passes over values so short that they would mask ordinary words', () => {
    registerSecret('model');
    expect(redactText('the model is up')).toBe('the model is up');
  });

  it('keeps the newest 10,000', () => {
    for (let index = 0; index <= 10_000; index += 1) registerSecret(`value-${String(index).padStart(6, '0')}`);
    expect(redactText('value-000000')).toBe('value-000000');
    expect(redactText('value-000001 value-010000')).toBe('*** ***');
  });
});
