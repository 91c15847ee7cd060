// What an import did, as it goes on.
import type { ImportCount, ImportProblem, ImportReport } from '@turnpike/rpc';

/** What became of a row. */
export type Outcome = 'created' | 'updated' | 'kept' | 'failed' | 'gone';

/** Of one table. Whoever has more of them has one cause for most. */
const MOST_PROBLEMS = 1_000;
/** In a message that quotes what stood there. */
const MOST_CHARACTERS = 500;

/** Balances: what the rows of the other nouns have spent. */
export const SPEND = 'spend';

export class Report {
  private readonly counts = new Map<string, ImportCount>();
  private readonly problems: ImportProblem[] = [];
  private readonly problemsOf = new Map<string, number>();
  private readonly missingTables = new Set<string>();

  constructor(
    readonly isDryRun: boolean,
    private readonly startedAt: Date,
  ) {}

  count(noun: string, outcome: Outcome, number = 1): void {
    const count = this.countOf(noun);
    count[outcome] += number;
    count.found += number;
  }

  /** It was looked at, whether or not there was anything. */
  countOf(noun: string): ImportCount {
    const known = this.counts.get(noun);
    if (known) return known;
    const count = { noun, found: 0, created: 0, updated: 0, kept: 0, failed: 0, gone: 0 };
    this.counts.set(noun, count);
    return count;
  }

  /** @param id never a secret; empty: the table as a whole */
  problem(table: string, id: string, message: string): void {
    const number = (this.problemsOf.get(table) ?? 0) + 1;
    this.problemsOf.set(table, number);
    if (number <= MOST_PROBLEMS) this.problems.push({ table, id, message: message.slice(0, MOST_CHARACTERS) });
  }

  missing(table: string): void {
    this.missingTables.add(table);
  }

  toMessage(endedAt: Date): ImportReport {
    const unsaid = [...this.problemsOf].filter(([, number]) => number > MOST_PROBLEMS);
    return {
      dryRun: this.isDryRun,
      // What was spent belongs to all the others, and follows them.
      counts: [...this.counts.values()].sort(
        (some, other) => Number(some.noun === SPEND) - Number(other.noun === SPEND),
      ),
      problems: [
        ...this.problems,
        ...unsaid.map(([table, number]) => ({
          table,
          id: '',
          message: `${number - MOST_PROBLEMS} more of this table`,
        })),
      ],
      missingTables: [...this.missingTables].sort(),
      startedAt: this.startedAt,
      endedAt,
    };
  }
}
