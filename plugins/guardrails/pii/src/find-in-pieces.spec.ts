import { FindingStream, replaceFindings } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { findFrom, findPersonalData, openFrom } from './find.js';
import { KINDS } from './kinds.js';

const whole = (text: string): string => replaceFindings(text, findPersonalData(text, KINDS), ({ kind }) => `<${kind}>`);

const inPieces = (pieces: readonly string[]): string => {
  const stream = new FindingStream({
    find: (text, from) => findFrom(text, from, KINDS),
    openFrom,
    isMasked: () => true,
    replacementOf: ({ kind }) => `<${kind}>`,
  });
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
};

const CARD = '4111 1111 1111 1111';

const TEXTS = [
  'Write to jane.doe+x@mail.example.org, or to иван@пример.рф; not to a@b or @home.',
  `Cards: ${CARD}, 5500-0055-5555-5559 and 3782 822463 10005. Not 1234 5678 9012 3456.`,
  'IBAN GB82 WEST 1234 5698 7654 32 and DE89370400440532013000, not GB82 WEST 1234.',
  'Call +44 20 7946 0958, (212) 555-0100 or (11) 91234-5678; 13812345678.',
  'SSN 123-45-6789, CPF 529.982.247-25, CNPJ 11.222.333/0001-81, 110101199003078515?',
  'From 8.8.8.8 to 2001:4860:4860::8888, not 10.0.0.1 or 1.2.3.4.5.',
  `12 ${CARD} 99 ${CARD}`,
  'jane@exa\u200bmple.org, ｊａｎｅ@example.org and jane@example.org\u00ad.',
  '4111\u200b1111\u200b1111\u200b1111!',
  `A4111111111111111B ${CARD}x +1 (212) 555-0100x`,
  'AB12 is not an account, though it begins like one and goes on for quite a while.',
];

describe('personal data in a text that comes in pieces', () => {
  it.each(TEXTS)('is found as in the whole, however it is cut: %j', (text) => {
    const expected = whole(text);
    expect(inPieces(text.split(''))).toBe(expected);
    for (let at = 1; at < text.length; at += 1) {
      expect([at, inPieces([text.slice(0, at), text.slice(at)])]).toEqual([at, expected]);
      expect(inPieces([text.slice(0, at), text.slice(at, at + 3), text.slice(at + 3)])).toBe(expected);
    }
  });

  it.each([
    ['a row of digits', '3141592653589793238462643383279502884197169399375105820974944592'.repeat(40), 900],
    ['a long word', 'x'.repeat(5_000), 900],
    ['rows of groups', '1234 '.repeat(1_000), 100],
  ])('does not wait for the end of %s', (_what, text, most) => {
    let held = 0;
    let passed = '';
    const stream = new FindingStream({
      find: (given, from) => findFrom(given, from, KINDS),
      openFrom,
      isMasked: () => true,
      replacementOf: ({ kind }) => `<${kind}>`,
    });
    for (const piece of text.match(/.{1,4}/g) ?? []) {
      passed += stream.push(piece);
      held = Math.max(held, stream.held);
    }
    expect(passed + stream.end()).toBe(whole(text));
    expect(held).toBeLessThan(most);
  });

  it('lets prose pass word by word', () => {
    const stream = new FindingStream({
      find: (text, from) => findFrom(text, from, KINDS),
      openFrom,
      isMasked: () => true,
      replacementOf: () => '',
    });
    const tokens = ['The', ' quick', ' brown', ' fox.', ' It', ' jumps'];
    expect(tokens.map((token) => stream.push(token))).toEqual(['', 'The ', 'quick ', 'brown ', 'fox. ', 'It ']);
  });
});

it('a card among many groups of digits is found wherever it stands', () => {
  for (let groups = 20; groups < 60; groups += 1) {
    const text = `${'9999 '.repeat(groups)}${CARD}`;
    expect(whole(text)).toContain('<CREDIT_CARD>');
  }
});
