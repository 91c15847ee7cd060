// A bounded map with four keys, read without making a joined key.

type Level<Value> = Map<string, Value>;

/** When it is full it is emptied: names come from outside, and what is in real use is back at once. */
export class NestedCache<Value> {
  private root = new WeakMap<object, Level<Level<Level<Value>>>>();
  private size = 0;

  constructor(private readonly maxEntries: number) {}

  /** `owner` counts by identity and is not kept alive. */
  get(owner: object, first: string, second: string, third: string): Value | undefined {
    return this.root.get(owner)?.get(first)?.get(second)?.get(third);
  }

  /** Returns `value`. */
  set(owner: object, first: string, second: string, third: string, value: Value): Value {
    if (this.get(owner, first, second, third) === undefined) {
      if (this.size >= this.maxEntries) {
        this.root = new WeakMap();
        this.size = 0;
      }
      this.size += 1;
    }
    let byFirst = this.root.get(owner);
    if (!byFirst) this.root.set(owner, (byFirst = new Map<string, Level<Level<Value>>>()));
    let bySecond = byFirst.get(first);
    if (!bySecond) byFirst.set(first, (bySecond = new Map<string, Level<Value>>()));
    let byThird = bySecond.get(second);
    if (!byThird) bySecond.set(second, (byThird = new Map<string, Value>()));
    byThird.set(third, value);
    return value;
  }
}
