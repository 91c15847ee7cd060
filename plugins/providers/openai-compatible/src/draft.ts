import type { BodyEdits, JsonObject, JsonValue } from '@turnpike/plugin-sdk';

/** A body while it is edited: reads see earlier edits, the body itself stays as it is. */
export class Draft {
  private readonly set: JsonObject = {};
  private readonly removed = new Set<string>();

  constructor(private readonly body: Readonly<JsonObject>) {}

  get(name: string): JsonValue | undefined {
    if (this.removed.has(name)) return undefined;
    return name in this.set ? this.set[name] : this.body[name];
  }

  put(name: string, value: JsonValue): void {
    if (this.get(name) === value) return;
    this.removed.delete(name);
    this.set[name] = value;
  }

  drop(name: string): void {
    delete this.set[name];
    if (name in this.body) this.removed.add(name);
  }

  /** Undefined when nothing was changed, so that the client's bytes can stay. */
  edits(): BodyEdits | undefined {
    if (this.removed.size === 0 && Object.keys(this.set).length === 0) return undefined;
    return { set: this.set, remove: [...this.removed] };
  }
}
