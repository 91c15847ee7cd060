// Where each value was written. Values stay plain; their places stand beside them.

export interface Place {
  /** As shown to people: relative to the working directory when it lies inside. */
  readonly file: string;
  /** From 1; 0 when no file wrote it. */
  readonly line: number;
  /** The value was `os.environ/<variable>`. */
  readonly variable?: string;
  /** How the variable was found, when it gave no value. */
  readonly state?: VariableState;
}

export type VariableState = 'missing' | 'empty';

/** `file:line`; undefined for what no file wrote. */
export const placeText = (place: Place | undefined): string | undefined =>
  place && place.line > 0 ? `${place.file}:${place.line}` : undefined;

/** Remembers the place of every key and list item. */
export class Places {
  readonly #marks = new WeakMap<object, Map<string, Place>>();

  mark(container: object, key: string | number, place: Place | undefined): void {
    if (!place) return;
    const marks = this.#marks.get(container) ?? new Map<string, Place>();
    marks.set(String(key), place);
    this.#marks.set(container, marks);
  }

  at(container: object, key: string | number): Place | undefined {
    return this.#marks.get(container)?.get(String(key));
  }

  /** `file:line` of a key, for messages. */
  text(container: object, key: string | number): string | undefined {
    return placeText(this.at(container, key));
  }

  /** Gives `to` the places of `from`: for a container that was rebuilt with the same keys. */
  copy(from: object, to: object): void {
    for (const [key, place] of this.#marks.get(from) ?? []) this.mark(to, key, place);
  }

  /** Keys of a container that were written as variables which gave no value. */
  *unset(container: object): Generator<[key: string, place: Place & { variable: string; state: VariableState }]> {
    for (const [key, place] of this.#marks.get(container) ?? []) {
      if (place.variable !== undefined && place.state !== undefined) {
        yield [key, { ...place, variable: place.variable, state: place.state }];
      }
    }
  }
}
