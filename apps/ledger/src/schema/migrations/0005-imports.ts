// What was taken over from another gateway, so that it is taken once.
import type { Migration } from './migration.js';

const STATEMENTS = [
  // What is listed here and is not here any more was deleted, and does not come back.
  `CREATE TABLE turnpike.imported_rows (
    noun text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (noun, id)
  )`,
  // As the counters stood there when they were last read: what they grow by is what has been spent since.
  `CREATE TABLE turnpike.imported_spend (
    account text COLLATE "C" PRIMARY KEY,
    spent_nano bigint NOT NULL,
    total_nano bigint NOT NULL,
    reset_at timestamptz,
    imported_at timestamptz NOT NULL DEFAULT now()
  )`,
];

export const imports: Migration = { number: 5, title: 'imports', statements: STATEMENTS };
