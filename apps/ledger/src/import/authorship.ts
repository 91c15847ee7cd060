// Who made a row there, and when: it stays so here.
import type { Authored } from '../schema/entities/columns.js';
import type { SourceRow } from './source-row.js';

type Authorship = Pick<Authored, 'createdAt' | 'createdBy' | 'updatedAt' | 'updatedBy'>;

/** Tables that do not know have what now is. */
export const authorshipOf = (row: SourceRow): Authorship => {
  const createdAt = row.time('created_at') ?? new Date();
  return {
    createdAt,
    createdBy: row.text('created_by'),
    updatedAt: row.time('updated_at') ?? createdAt,
    updatedBy: row.text('updated_by') ?? row.text('created_by'),
  };
};
