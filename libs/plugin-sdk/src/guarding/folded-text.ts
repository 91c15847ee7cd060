// Text as a reader sees it: without characters that show nothing, and with one spelling for each letter.

/** A folded text that remembers where its parts stood. */
export interface FoldedText {
  readonly text: string;
  /** The part of the original that `start` to `end` of the folded text came from. */
  original(start: number, end: number): { start: number; end: number };
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
// The runs are bounded, so that the expression needs little memory whatever the text.
const PIECES =
  /\p{Default_Ignorable_Code_Point}{1,4096}|[\0-\x7f]{1,4096}(?!\p{M})|\P{M}(?!\p{Default_Ignorable_Code_Point})\p{M}{0,32}|\p{M}{1,32}|./gsu;

/** NFKC without default-ignorable characters (zero-width spaces, soft hyphens, variation selectors …). Linear. */
export const foldText = (text: string): FoldedText => {
  if (!NOT_ASCII.test(text) || (!UNSEEN.test(text) && text.normalize('NFKC') === text)) return unchanged(text);
  const pieces: Piece[] = [];
  const parts: string[] = [];
  let at = 0;
  for (const { 0: part, index: from } of text.matchAll(PIECES)) {
    if (UNSEEN.test(part)) continue;
    const folded = part.normalize('NFKC');
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
  };
};

const unchanged = (text: string): FoldedText => ({ text, original: (start, end) => ({ start, end }) });

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
