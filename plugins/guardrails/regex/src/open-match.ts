// Where a match may be under way at the end of a text: a walk through the pattern's program, as RE2 itself makes it.
import type { RE2JS } from 're2js';

/** Where, at `from` or later, the first match begins that more text could make, lengthen or undo; the text's length: none. */
export type OpenFrom = (text: string, from: number) => number;

/** What RE2JS compiles a pattern to. Each instruction leads on to `out`, some also, with less weight, to `arg`. */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
}

const OP = {
  ALT: 1,
  ALT_MATCH: 2,
  CAPTURE: 3,
  EMPTY_WIDTH: 4,
  FAIL: 5,
  MATCH: 6,
  NOP: 7,
  RUNE: 8,
  RUNE1: 9,
  RUNE_ANY: 10,
  RUNE_ANY_NOT_NL: 11,
} as const;

const LINE_BEGINS = 1;
const LINE_ENDS = 2;
const TEXT_BEGINS = 4;
const WORD_BORDER = 16;
const NO_WORD_BORDER = 32;

const NONE = -1;
const NEWLINE = 0x0a;

/** Attempts under way: where in the program each is, and where in the text it began. Those that count most come first. */
interface Threads {
  readonly pcs: number[];
  readonly starts: number[];
}

export const openMatchOf = (pattern: RE2JS): OpenFrom => {
  const { inst, start } = pattern.re2().prog as { inst: Instruction[]; start: number };
  const walk = new Walk(inst, start);
  return (text, from) => walk.openAt(text, from);
};

class Walk {
  /** The step in which each instruction was last reached: the first to reach it counts. */
  private readonly reachedIn: Float64Array;
  private steps = 0;
  private threads: Threads = { pcs: [], starts: [] };
  private next: Threads = { pcs: [], starts: [] };

  constructor(
    private readonly program: readonly Instruction[],
    private readonly start: number,
  ) {
    this.reachedIn = new Float64Array(program.length);
  }

  openAt(text: string, from: number): number {
    empty(this.threads);
    let before = from > 0 ? runeBefore(text, from) : NONE;
    for (let at = from; at < text.length;) {
      const rune = text.codePointAt(at)!;
      this.step(at, before, rune);
      before = rune;
      at += rune > 0xffff ? 2 : 1;
    }
    return this.firstOpen() ?? text.length;
  }

  /** All attempts, and a new one, past the rune at `at`. */
  private step(at: number, before: number, rune: number): void {
    const { threads } = this;
    const { pcs, starts } = threads;
    const flags = flagsBetween(before, rune);
    this.steps += 1;
    // What matches ends those of less weight, which are those after it; the next match begins where it ends.
    for (let index = 0; index < pcs.length; index += 1)
      if (this.follow(pcs[index]!, starts[index]!, flags, rune)) break;
    this.follow(this.start, at, flags, rune);
    this.threads = this.next;
    this.next = threads;
    empty(threads);
  }

  /** @returns whether it comes to a match without another rune */
  private follow(from: number, start: number, flags: number, rune: number): boolean {
    for (let pc = from; this.reachedIn[pc] !== this.steps;) {
      this.reachedIn[pc] = this.steps;
      const instruction = this.program[pc]!;
      const { op, out, arg } = instruction;
      switch (op) {
        case OP.ALT:
        case OP.ALT_MATCH:
          if (this.follow(out, start, flags, rune)) return true;
          pc = arg;
          break;
        case OP.CAPTURE:
        case OP.NOP:
          pc = out;
          break;
        case OP.EMPTY_WIDTH:
          if ((arg & ~flags) !== 0) return false;
          pc = out;
          break;
        case OP.MATCH:
          return true;
        case OP.FAIL:
          return false;
        default:
          if (this.takes(instruction, rune)) {
            this.next.pcs.push(out);
            this.next.starts.push(start);
          }
          return false;
      }
    }
    return false;
  }

  private takes(instruction: Instruction, rune: number): boolean {
    switch (instruction.op) {
      case OP.RUNE:
      case OP.RUNE1:
        return instruction.matchRune(rune);
      case OP.RUNE_ANY:
        return true;
      case OP.RUNE_ANY_NOT_NL:
        return rune !== NEWLINE;
      default:
        throw new Error(`A pattern holds an instruction (${instruction.op}) that is not known here.`);
    }
  }

  private firstOpen(): number | undefined {
    const { pcs, starts } = this.threads;
    this.steps += 1;
    for (let index = 0; index < pcs.length; index += 1) {
      const end = this.endOf(pcs[index]!);
      if (end === 'open') return starts[index];
      if (end === 'match') return undefined;
    }
    return undefined;
  }

  /** `open`: it waits for what comes; `match`: it has its match, whatever comes. */
  private endOf(from: number): 'open' | 'match' | 'dead' {
    for (let pc = from; this.reachedIn[pc] !== this.steps;) {
      this.reachedIn[pc] = this.steps;
      const { op, out, arg } = this.program[pc]!;
      switch (op) {
        case OP.ALT:
        case OP.ALT_MATCH: {
          const first = this.endOf(out);
          if (first !== 'dead') return first;
          pc = arg;
          break;
        }
        case OP.CAPTURE:
        case OP.NOP:
          pc = out;
          break;
        case OP.MATCH:
          return 'match';
        case OP.FAIL:
          return 'dead';
        default:
          return 'open';
      }
    }
    return 'dead';
  }
}

const empty = ({ pcs, starts }: Threads): void => {
  pcs.length = 0;
  starts.length = 0;
};

const runeBefore = (text: string, at: number): number => {
  const low = text.charCodeAt(at - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff && at > 1;
  return isPair ? text.codePointAt(at - 2)! : low;
};

/** What holds between two runes of which the second is there: the text does not end here. */
const flagsBetween = (before: number, after: number): number => {
  let flags = isWord(before) === isWord(after) ? NO_WORD_BORDER : WORD_BORDER;
  if (before === NONE) flags |= TEXT_BEGINS | LINE_BEGINS;
  if (before === NEWLINE) flags |= LINE_BEGINS;
  if (after === NEWLINE) flags |= LINE_ENDS;
  return flags;
};

const isWord = (rune: number): boolean =>
  (rune >= 0x30 && rune <= 0x39) || (rune >= 0x41 && rune <= 0x5a) || rune === 0x5f || (rune >= 0x61 && rune <= 0x7a);
