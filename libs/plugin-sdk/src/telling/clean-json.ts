// JSON for those who keep it in a database or read it with a strict library.

/** NUL, and half of a surrogate pair, as `JSON.stringify` writes them; or any other escape, so that none is cut in two. */
const ESCAPES = /\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g;

/** Texts keep all but NUL and halves of surrogate pairs, which become U+FFFD: what PostgreSQL and Python refuse. */
export const toCleanJson = (value: unknown): string =>
  JSON.stringify(value).replace(ESCAPES, (whole, escape: string) => (escape.length === 5 ? '\ufffd' : whole));

/** The same of a text. */
export const toCleanText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');
