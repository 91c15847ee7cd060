// Finds and replaces in a text that comes in pieces: the same, however it is cut.
import { mergedFindings, replaceFindings, type Finding } from './findings.js';
import { startOfLastPiece } from './folded-text.js';
import type { TextStream } from './text-stream.js';

export interface FindingRules<F extends Finding> {
  /** All that begins at `from` or later. What stands before is decided, and there to be looked back at. */
  find(text: string, from: number): readonly F[];
  /**
   * Where, at `from` or later, the first thing begins that more text could make a finding of, lengthen or undo; the
   * text's length where nothing does. What was found before that place is found whatever follows.
   */
  openFrom(text: string, from: number): number;
  /** Each finding once, in no order, as soon as nothing can change it. @throws AnswerBlocked */
  onFound?(finding: F): void;
  isMasked(finding: F): boolean;
  replacementOf(finding: F, found: string): string;
}

/** Looked back at by expressions, as for the border of a word, or a name before a value. */
const CONTEXT = 64;
/** More is not kept in memory for one text. */
const MOST_HELD = 256 * 1024;
/** Below this, a look at all that is held costs next to nothing. */
const SMALL = 256;

export class FindingStream<F extends Finding> implements TextStream {
  isChanged = false;
  /** Some of what is decided, and all that is not. */
  private text = '';
  private from = 0;
  /** What must be held for another look: looks at what is long are made as it grows by an eighth. */
  private nextLook = 0;

  constructor(private readonly rules: FindingRules<F>) {}

  get held(): number {
    return this.text.length - this.from;
  }

  /** @throws Error when too much would have to be held back */
  push(piece: string): string {
    this.text += piece;
    const { held } = this;
    if (held === 0 || held < this.nextLook) return '';
    if (held > MOST_HELD) throw new Error(`More than ${MOST_HELD} characters would have to be held back.`);
    // What may yet be joined by a mark is not known as a letter.
    const stable = this.text.slice(0, Math.max(this.from, startOfLastPiece(this.text)));
    const open = Math.max(this.from, this.rules.openFrom(stable, this.from));
    const isWorthIt = open > this.from && (open - this.from) * 8 >= this.text.length - open - SMALL;
    const settled = isWorthIt ? this.settle(stable, open) : '';
    this.nextLook = this.held < SMALL ? 0 : this.held + this.held / 8;
    return settled;
  }

  end(): string {
    return this.settle(this.text, this.text.length);
  }

  /** @param until before which all is decided */
  private settle(text: string, until: number): string {
    const { rules, from } = this;
    const found = rules.find(text, from).filter(({ start, end }) => start >= from && end > start);
    const cut = mergedFindings(found).find(({ start, end }) => start < until && end > until)?.start ?? until;
    const decided = found.filter(({ end }) => end <= cut);
    for (const finding of decided) rules.onFound?.(finding);
    const raw = text.slice(from, cut);
    const masks = decided.filter((finding) => rules.isMasked(finding));
    const settled =
      masks.length === 0
        ? raw
        : replaceFindings(
            raw,
            masks.map((finding) => ({ ...finding, start: finding.start - from, end: finding.end - from })),
            (finding, value) => rules.replacementOf(finding, value),
          );
    if (settled !== raw) this.isChanged = true;
    const kept = Math.max(0, cut - CONTEXT);
    this.text = this.text.slice(kept);
    this.from = cut - kept;
    return settled;
  }
}
