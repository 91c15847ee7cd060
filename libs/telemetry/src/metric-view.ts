// Which of a table's families are told, and with which labels.
import type { Family, TableSpec } from './metric-table.js';

/** One family as it is told. */
export interface Exposed {
  readonly family: Family;
  /** Where in a row it begins. */
  readonly at: number;
  /** Places of its labels in the table's. */
  readonly columns: readonly number[];
}

/** @param labelsOf the labels that are told of a family; undefined: it is not told at all */
export const exposedOf = (
  { families, at, labelNames }: TableSpec,
  labelsOf: (family: Family) => readonly string[] | undefined = ({ labels }) => labels,
): Exposed[] =>
  Object.entries(families).flatMap(([key, family]) => {
    const labels = labelsOf(family);
    if (!labels) return [];
    const columns = labels.map((label) => {
      const column = labelNames.indexOf(label);
      if (column < 0) throw new TypeError(`${family.name} has no label '${label}'`);
      return column;
    });
    return [{ family, at: at[key]!, columns }];
  });
