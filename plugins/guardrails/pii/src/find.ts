// All personal data of a text, each by its kind.
import { foldText, mergedFindings, type Finding } from '@turnpike/plugin-sdk';
import { FINDERS, type Kind } from './kinds.js';

export interface KindFinding extends Finding {
  readonly kind: Kind;
}

/** In order, none overlapping another. */
export const findPersonalData = (text: string, kinds: readonly Kind[]): KindFinding[] => {
  const folded = foldText(text);
  return mergedFindings(
    kinds.flatMap((kind) =>
      FINDERS[kind](folded.text).map(({ start, end }) => ({ kind, ...folded.original(start, end) })),
    ),
  );
};
