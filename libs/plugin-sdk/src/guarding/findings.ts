// What a guardrail found in a text, and the text with something else in its place.

/** `start` to `end` of a text, end excluded. */
export interface Finding {
  readonly start: number;
  readonly end: number;
}

/**
 * In order, none overlapping another: those that do become one, which keeps the rest of what the first of them says;
 * of two that begin together the longer is first.
 */
export const mergedFindings = <F extends Finding>(findings: readonly F[]): F[] => {
  const merged: F[] = [];
  for (const next of [...findings].sort((left, right) => left.start - right.start || right.end - left.end)) {
    const last = merged.at(-1);
    if (!last || next.start >= last.end) merged.push(next);
    else if (next.end > last.end) merged[merged.length - 1] = { ...last, end: next.end };
  }
  return merged;
};

/** @returns the text itself when there are no findings */
export const replaceFindings = <F extends Finding>(
  text: string,
  findings: readonly F[],
  replacementOf: (finding: F, found: string) => string,
): string => {
  const pieces: string[] = [];
  let copied = 0;
  for (const finding of mergedFindings(findings)) {
    pieces.push(text.slice(copied, finding.start), replacementOf(finding, text.slice(finding.start, finding.end)));
    copied = finding.end;
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(copied);
};
