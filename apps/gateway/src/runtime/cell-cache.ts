// Cells that were found before, by the labels of a call. Joining the labels to one key would cost more than counting does.

type Level<Value> = Map<string, Value>;

/** When it is full it is emptied: the cells stay in their metrics, and those in real use are back at once. */
export class CellCache<Cells> {
  private readonly root: Level<Level<Level<Level<Cells>>>> = new Map<string, Level<Level<Level<Cells>>>>();
  private size = 0;

  constructor(private readonly maxEntries: number) {}

  get(first: string, second: string, third: string, fourth: string): Cells | undefined {
    return this.root.get(first)?.get(second)?.get(third)?.get(fourth);
  }

  /** For labels that `get` did not find. Returns the cells. */
  add(first: string, second: string, third: string, fourth: string, cells: Cells): Cells {
    if (this.size >= this.maxEntries) {
      this.root.clear();
      this.size = 0;
    }
    this.size += 1;
    below(below(below(this.root, first), second), third).set(fourth, cells);
    return cells;
  }
}

const below = <Value>(level: Level<Level<Value>>, key: string): Level<Value> => {
  let next = level.get(key);
  if (!next) level.set(key, (next = new Map<string, Value>()));
  return next;
};
