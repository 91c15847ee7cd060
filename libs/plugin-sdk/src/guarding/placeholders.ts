// What stands for what is hidden while a call is under way: `<EMAIL_1>`, the same for the same, and back again.

/** Also as a model may write it. */
const PLACEHOLDER = /<([A-Z_]{2,48}_\d{1,6})>/gi;

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

  private freeName(kind: string): string {
    let number = this.last.get(kind) ?? 0;
    do number += 1;
    while (this.taken.has(`${kind}_${number}`));
    this.last.set(kind, number);
    return `${kind}_${number}`;
  }
}
