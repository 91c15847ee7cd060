// Text as a reader sees it: without characters that show nothing, and with one spelling for each letter.

/** A folded text that remembers where its parts stood. */
export interface FoldedText {
  readonly text: string;
  /** The part of the original that `start` to `end` of the folded text came from. */
  original(start: number, end: number): { start: number; end: number };
  /** Where a place of the original came to stand. */
  folded(place: number): number;
}

/** `length` characters from `from` became `folded` characters at `at`; where both are equal, they are the same. */
interface Piece {
  at: number;
  folded: number;
  from: number;
  length: number;
}

const NOT_ASCII = /[^\0-\x7f]/;
const UNSEEN = /\p{Default_Ignorable_Code_Point}/u;
const ALL_UNSEEN = /\p{Default_Ignorable_Code_Point}+/gu;

/** What joins the letter before it, or stands unseen between the two. */
const JOINS = String.raw`\p{M}\p{Default_Ignorable_Code_Point}`;
/** Letters of Korean, which make syllables. */
const JAMO = String.raw`[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?`;
// The runs are bounded, so that the expression needs little memory whatever the text.
const PIECES = new RegExp(
  [
    String.raw`\p{Default_Ignorable_Code_Point}{1,4096}`,
    String.raw`[\0-\x7f]{1,4096}(?![${JOINS}])`,
    JAMO,
    `[^${JOINS}][${JOINS}]{0,64}`,
    String.raw`\p{M}{1,32}`,
    '.',
  ].join('|'),
  'gsu',
);

/** NFKC without default-ignorable characters (zero-width spaces, soft hyphens, variation selectors …). Linear. */
export const foldText = (text: string): FoldedText => {
  if (!NOT_ASCII.test(text) || (!UNSEEN.test(text) && text.normalize('NFKC') === text)) return unchanged(text);
  const pieces: Piece[] = [];
  const parts: string[] = [];
  let at = 0;
  for (const { 0: part, index: from } of text.matchAll(PIECES)) {
    const folded = (UNSEEN.test(part) ? part.replaceAll(ALL_UNSEEN, '') : part).normalize('NFKC');
    if (folded === '') continue;
    parts.push(folded);
    const last = pieces.at(-1);
    const isSame = folded === part;
    if (last && isSame && last.length === last.folded && last.from + last.length === from) {
      last.length += part.length;
      last.folded += part.length;
    } else {
      pieces.push({ at, folded: folded.length, from, length: part.length });
    }
    at += folded.length;
  }
  return {
    text: parts.join(''),
    original: (start, end) => ({ start: placeOf(pieces, start, 'start'), end: placeOf(pieces, end - 1, 'end') }),
    folded: (place) => foldedPlaceOf(pieces, place, at),
  };
};

const unchanged = (text: string): FoldedText => ({
  text,
  original: (start, end) => ({ start, end }),
  folded: (place) => place,
});

const JOINING = new RegExp(`[${JOINS}\\u1161-\\u1175\\u11a8-\\u11c2]`, 'u');

/** Where the last character begins that more text may join, such as a mark; half a pair counts as one. Bounded. */
export const startOfLastPiece = (text: string): number => {
  let at = text.length;
  if (at === 0 || /[ \t\r\n]/.test(text.charAt(at - 1))) return at;
  for (let steps = 0; at > 0 && steps < 128; steps += 1) {
    const isPair = isLowHalf(text.charCodeAt(at - 1)) && at > 1;
    at -= isPair ? 2 : 1;
    if (!JOINING.test(String.fromCodePoint(text.codePointAt(at)!))) break;
  }
  return at;
};

const isLowHalf = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

/** Where in the original the folded character at `offset` begins or ends. */
const placeOf = (pieces: readonly Piece[], offset: number, side: 'start' | 'end'): number => {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pieces[middle]!.at <= offset) low = middle;
    else high = middle - 1;
  }
  const { at, folded, from, length } = pieces[low]!;
  const isSame = length === folded;
  if (side === 'start') return isSame ? from + (offset - at) : from;
  return isSame ? from + (offset - at) + 1 : from + length;
};

/** Where the first piece that begins at `place` or later came to stand. */
const foldedPlaceOf = (pieces: readonly Piece[], place: number, length: number): number => {
  const piece = pieces.find(({ from, length: own }) => from + own > place);
  if (!piece) return length;
  const isSame = piece.length === piece.folded;
  return place <= piece.from ? piece.at : isSame ? piece.at + (place - piece.from) : piece.at + piece.folded;
};
