// What stands for what is hidden while a call is under way: `<EMAIL_1>`, the same for the same, and back again.
import type { TextStream } from './text-stream.js';

/** Also as a model may write it. */
const PLACEHOLDER = /<([A-Z_]{2,48}_\d{1,6})>/gi;
/** What may yet become one, at the end of a text. */
const BEGINNING = /<[A-Z_]{0,49}\d{0,6}$/i;
const LONGEST_BEGINNING = 56;

/** For the texts of one call. Kinds are written in capitals and underscores. */
export class Placeholders {
  private readonly valueOf = new Map<string, string>();
  private readonly placeholderOf = new Map<string, string>();
  private readonly last = new Map<string, number>();
  /** Those that the client wrote itself mean nothing here. */
  private readonly taken = new Set<string>();

  /** Characters that are kept. */
  size = 0;

  /** @param texts all that placeholders will stand among */
  constructor(texts: Iterable<string>) {
    for (const text of texts) {
      for (const [, name] of text.matchAll(PLACEHOLDER)) this.taken.add(name!.toUpperCase());
    }
  }

  get isEmpty(): boolean {
    return this.valueOf.size === 0;
  }

  placeholderFor(kind: string, value: string): string {
    const key = `${kind} ${value}`;
    const known = this.placeholderOf.get(key);
    if (known !== undefined) return known;
    const name = this.freeName(kind);
    const placeholder = `<${name}>`;
    this.valueOf.set(name, value);
    this.placeholderOf.set(key, placeholder);
    this.size += value.length;
    return placeholder;
  }

  /** The client itself told it. */
  knows(kind: string, value: string): boolean {
    return this.placeholderOf.has(`${kind} ${value}`);
  }

  restore(text: string): string {
    return text.replaceAll(PLACEHOLDER, (written, name: string) => this.valueOf.get(name.toUpperCase()) ?? written);
  }

  /** As `restore`, for a text that comes in pieces. */
  restoring(): TextStream {
    return new RestoringStream(this);
  }

  private freeName(kind: string): string {
    let number = this.last.get(kind) ?? 0;
    do number += 1;
    while (this.taken.has(`${kind}_${number}`));
    this.last.set(kind, number);
    return `${kind}_${number}`;
  }
}

class RestoringStream implements TextStream {
  isChanged = false;
  private text = '';

  constructor(private readonly placeholders: Placeholders) {}

  get held(): number {
    return this.text.length;
  }

  push(piece: string): string {
    const text = this.text + piece;
    const tail = Math.max(0, text.length - LONGEST_BEGINNING);
    const begun = BEGINNING.exec(text.slice(tail));
    const until = begun ? tail + begun.index : text.length;
    this.text = text.slice(until);
    return this.restored(text.slice(0, until));
  }

  end(): string {
    const { text } = this;
    this.text = '';
    return this.restored(text);
  }

  private restored(text: string): string {
    const restored = this.placeholders.restore(text);
    if (restored !== text) this.isChanged = true;
    return restored;
  }
}
