import { describe, expect, it } from '@jest/globals';
import { FindingStream, type FindingRules } from './finding-stream.js';
import { replaceFindings, type Finding } from './findings.js';
import { foldText, startOfLastPiece } from './folded-text.js';
import { AnswerBlocked, inTurn } from './text-stream.js';
import { Placeholders } from './placeholders.js';

/** Words of capital letters, as they look, that are longer than one. */
const CAPITALS = /(?<![A-Z])[A-Z]{2,}(?![A-Z])/g;

const find = (text: string, from = 0): Finding[] => {
  const folded = foldText(text);
  return Array.from(folded.text.matchAll(CAPITALS), ({ 0: word, index }) =>
    folded.original(index, index + word.length),
  ).filter(({ start }) => start >= from);
};

const rules = (changes: Partial<FindingRules<Finding>> = {}): FindingRules<Finding> => ({
  find,
  openFrom: (text) => {
    const folded = foldText(text);
    const begun = /[A-Z]+$/.exec(folded.text);
    return begun ? folded.original(begun.index, folded.text.length).start : text.length;
  },
  isMasked: () => true,
  replacementOf: (_finding, word) => `<${word.length}>`,
  ...changes,
});

const whole = (text: string): string => replaceFindings(text, find(text), (_finding, word) => `<${word.length}>`);

const inPieces = (pieces: readonly string[], given = rules()): string => {
  const stream = new FindingStream(given);
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
};

const cutsOf = (text: string): string[][] => [
  ...Array.from(text, (_, at) => [text.slice(0, at), text.slice(at)]),
  text.split(''),
  [text],
];

describe('a text in pieces', () => {
  it.each([
    'The NASA and the ESA, A and B',
    'NASA',
    'xNASAy NA\u200bSA NＡSＡ É E\u0301E',
    'AB CD EF',
    '😀NASA😀 ESA\u200b\u200b!',
    'lower case only',
  ])('is changed as the whole would be, however it is cut: %j', (text) => {
    for (const pieces of cutsOf(text)) expect([pieces, inPieces(pieces)]).toEqual([pieces, whole(text)]);
  });

  it('passes as soon as nothing can change it', () => {
    const stream = new FindingStream(rules());
    const given = ['Hi ', 'NA', 'SA ', 'said ', 'no'].map((piece) => [stream.push(piece), stream.held]);
    expect(given).toEqual([
      ['Hi ', 0],
      ['', 2],
      ['<4> ', 0],
      ['said ', 0],
      ['n', 1],
    ]);
    expect([stream.end(), stream.held, stream.isChanged]).toEqual(['o', 0, true]);
  });

  it('is told of what it holds once, and not before it is certain', () => {
    const found: number[] = [];
    const stream = new FindingStream(rules({ onFound: ({ end, start }) => found.push(end - start) }));
    stream.push('x NAS');
    expect(found).toEqual([]);
    stream.push('A and ESA');
    expect(found).toEqual([4]);
    stream.end();
    expect(found).toEqual([4, 3]);
  });

  it('ends where it must not go on', () => {
    const stream = new FindingStream(
      rules({
        onFound: () => {
          throw new AnswerBlocked('no capitals');
        },
      }),
    );
    expect(stream.push('Fine so far, ')).toBe('Fine so far, ');
    expect(() => stream.push('NASA says')).toThrow(AnswerBlocked);
  });

  it('is not held back without bound', () => {
    const stream = new FindingStream(rules());
    expect(() => {
      for (let at = 0; at < 300; at += 1) stream.push('A'.repeat(1_000));
    }).toThrow('would have to be held back');
  });

  it('takes time in proportion to its length, also where all of it is held', () => {
    const stream = new FindingStream(rules());
    const startedAt = process.cpuUsage();
    for (let at = 0; at < 60_000; at += 1) stream.push('ABCD');
    expect(stream.end()).toBe('<240000>');
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(5_000);
  });
});

describe('placeholders in pieces', () => {
  const placeholders = new Placeholders(['<SHOE_1>']);
  placeholders.placeholderFor('EMAIL', 'jane@example.org');
  placeholders.placeholderFor('BR_CPF', '1 < 2');

  it.each([
    'Write to <EMAIL_1>, not <EMAIL_2> or <SHOE_1>.',
    'a < b <email_1>> <<BR_CPF_1>',
    '<EMAIL_1',
    '<EMAIL_1234567> <A> <EMAIL 1>',
    `<${'A'.repeat(60)}_1> <EMAIL_1>`,
  ])('are given back as in the whole, however it is cut: %j', (text) => {
    for (const pieces of cutsOf(text)) {
      const stream = placeholders.restoring();
      expect(pieces.map((piece) => stream.push(piece)).join('') + stream.end()).toBe(placeholders.restore(text));
    }
  });

  it('are given back after what was found was replaced', () => {
    const stream = inTurn(new FindingStream(rules({ replacementOf: () => '<EMAIL_1>' })), placeholders.restoring());
    expect(['a NA', 'SA b'].map((piece) => stream.push(piece))).toEqual(['a ', 'jane@example.org ']);
    expect([stream.held, stream.isChanged, stream.end()]).toEqual([1, true, 'b']);
  });
});

describe('the last character', () => {
  it.each([
    ['abc', 2],
    ['abc ', 4],
    ['abe\u0301', 2],
    ['ab\u200b\u200b', 1],
    ['ab😀', 2],
    ['ab\ud83d', 2],
    ['ab한', 2],
    ['ab\u1112\u1161', 2],
    ['', 0],
    ['\u0301', 0],
  ])('of %j may yet be joined from %d on', (text, at) => expect(startOfLastPiece(text)).toBe(at));
});
