// Where a JSON object or list that comes in pieces is complete.

export class JsonEnd {
  private depth = 0;
  private isInString = false;
  private isEscaped = false;
  private isOver = false;

  /** @returns whether the value is complete after this piece; once, and never for a value without brackets */
  isAfter(piece: string): boolean {
    if (this.isOver) return false;
    for (let at = 0; at < piece.length; at += 1) {
      if (!this.isLast(piece.charCodeAt(at))) continue;
      this.isOver = true;
      return isBlank(piece, at + 1);
    }
    return false;
  }

  private isLast(character: number): boolean {
    if (this.isInString) {
      if (this.isEscaped) this.isEscaped = false;
      else if (character === BACKSLASH) this.isEscaped = true;
      else if (character === QUOTE) this.isInString = false;
      return false;
    }
    if (character === QUOTE) this.isInString = true;
    else if (character === OPENING_BRACE || character === OPENING_BRACKET) this.depth += 1;
    else if (character === CLOSING_BRACE || character === CLOSING_BRACKET) {
      this.depth -= 1;
      return this.depth === 0;
    }
    return false;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

const isBlank = (text: string, from: number): boolean => text.slice(from).trim() === '';
