// Where a recorded stream can be cut, and what kind of stream it is.

/** Up to this size a stream is cut at every byte; trying all cuts of a larger one would take minutes. */
const EVERY_BYTE_UP_TO = 16_384;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Positions between the first byte and the last. Larger streams: around every line end, and 4,096 places spread evenly.
 */
export const cutsOf = (bytes: Uint8Array): number[] => {
  const last = bytes.length - 1;
  if (bytes.length <= EVERY_BYTE_UP_TO) return Array.from({ length: Math.max(0, last) }, (_, index) => index + 1);
  const cuts = new Set<number>();
  for (let line = bytes.indexOf(LF); line !== -1; line = bytes.indexOf(LF, line + 1)) {
    for (let at = line - 1; at <= line + 2; at += 1) if (at > 0 && at <= last) cuts.add(at);
  }
  for (let step = 1; step <= 4_096; step += 1) cuts.add(Math.max(1, Math.floor((step * last) / 4_096)));
  return [...cuts].sort((left, right) => left - right);
};

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const isBinary = (bytes: Uint8Array): boolean => bytes.includes(0);

/** Every line is a field, a comment or empty. */
export const isServerSentEvents = (bytes: Uint8Array): boolean =>
  !isBinary(bytes) &&
  textOf(bytes)
    .split(/\r?\n/)
    .every((line) => line === '' || /^(data|event|id|retry)?:/.test(line));

/** Ends of events: after each empty line for server-sent events, after each line else, nowhere in binary streams. */
export const boundariesOf = (bytes: Uint8Array): ReadonlySet<number> => {
  const ends = new Set<number>();
  if (isBinary(bytes)) return ends;
  const isSse = isServerSentEvents(bytes);
  let lineStart = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, lineStart)) {
    const isEmpty = end === lineStart || (end === lineStart + 1 && bytes[lineStart] === CR);
    if (isEmpty || !isSse) ends.add(end + 1);
    lineStart = end + 1;
  }
  ends.delete(bytes.length);
  return ends;
};

export const withCarriageReturns = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(textOf(bytes).replace(/\r?\n/g, '\r\n'));
