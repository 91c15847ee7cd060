/** One step of the tables' history. Once released it is never changed: a new one follows. */
export interface Migration {
  /** From 1, without gaps. */
  number: number;
  /** Of its file: `0001-accounts.ts` has `accounts`. */
  title: string;
  /** Each for PostgreSQL 13 and later, with every name qualified by its schema. All run in one transaction. */
  statements: readonly string[];
}
