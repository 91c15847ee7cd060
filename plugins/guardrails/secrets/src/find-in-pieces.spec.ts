import { FindingStream, replaceFindings } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { findSecrets, findSecretsFrom, openFrom, type SecretFinding } from './find.js';

const whole = (text: string): string => replaceFindings(text, findSecrets(text), ({ kind }) => `<${kind}>`);

const aStream = (): FindingStream<SecretFinding> =>
  new FindingStream<SecretFinding>({
    find: findSecretsFrom,
    openFrom,
    isMasked: () => true,
    replacementOf: ({ kind }) => `<${kind}>`,
  });

const inPieces = (pieces: readonly string[]): string => {
  const stream = aStream();
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
};

const TOKEN = `ghp_${'aB3dE5gH7'.repeat(4)}`;
const ROWS = `${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.repeat(2)}\n${'BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'.repeat(2)}\n`;

const TEXTS = [
  `push with ${TOKEN}, or ${TOKEN}x; not ghp_short.`,
  'Authorization:  Bearer \t aB3dE5gH7aB3dE5gH7 and Basic dXNlcjpwYXNzd29yZDEyMw==',
  'my password  =   hunter2hunter2 and\n"api_key" : "aB3dE5gH7iJ9kL1m", token=none',
  'postgres://me:hunter2@db/x and https://example.org:8080/a@b',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijklm is a token',
  `key:\n-----BEGIN RSA PRIVATE KEY-----\n${ROWS}-----END RSA PRIVATE KEY-----\nthat was it`,
  `cut: -----BEGIN PRIVATE KEY-----\n${ROWS}`,
  `other: -----BEGIN PRIVATE KEY-----\n${ROWS}----- and so on, for as long as it takes to be sure that it is none of them, really`,
  '-----BEGIN CERTIFICATE-----\nMIIDdzCC\n-----END CERTIFICATE----- --- - -- a-b',
  `g\u200bhp_${'aB3dE5gH7'.repeat(4)} and ｇhp_${'aB3dE5gH7'.repeat(4)}!`,
  'AccountKey=' + 'aB3d'.repeat(21) + 'aB==; end',
];

describe('secrets in a text that comes in pieces', () => {
  it.each(TEXTS)('are found as in the whole, however it is cut: %j', (text) => {
    const expected = whole(text);
    expect(inPieces(text.split(''))).toBe(expected);
    for (let at = 1; at < text.length; at += 1) {
      expect([at, inPieces([text.slice(0, at), text.slice(at)])]).toEqual([at, expected]);
      expect(inPieces([text.slice(0, at), text.slice(at, at + 5), text.slice(at + 5)])).toBe(expected);
    }
  });

  it('are held back by three words at most, where none begins', () => {
    const stream = aStream();
    const tokens = ['The', ' quick', ' brown', ' fox', ' jumps', '.\n', 'Over'];
    expect(tokens.map((token) => stream.push(token))).toEqual(['', '', '', 'The ', 'quick ', 'brown fox jumps.\n', '']);
  });

  it.each([
    ['a long word', 'x'.repeat(100_000)],
    ['a beginning of a key that never ends', `-----BEGIN PRIVATE KEY-----${'a b '.repeat(20_000)}`],
    ['many beginnings of keys', '-----BEGIN PRIVATE KEY----- '.repeat(3_000)],
  ])('are looked for in time and memory that %s does not exhaust', (_what, text) => {
    const stream = aStream();
    const startedAt = process.cpuUsage();
    let [held, passed] = [0, ''];
    for (const piece of text.match(/.{1,4}/g) ?? []) {
      passed += stream.push(piece);
      held = Math.max(held, stream.held);
    }
    expect(passed + stream.end()).toBe(whole(text));
    expect(held).toBeLessThan(64 * 1024);
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(20_000);
  });
});
