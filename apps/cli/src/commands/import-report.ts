// What an import did, as text for people.
import type { ImportReport } from '@turnpike/rpc';

const COLUMNS = [
  ['found', 'found'],
  ['created', 'new'],
  ['updated', 'changed'],
  ['kept', 'left as they are'],
  ['gone', 'deleted here'],
  ['failed', 'not taken over'],
] as const;

const DRY = ['found', 'would be new', 'would change', 'would stay', 'deleted here', 'would not be taken over'] as const;

const WORDS: Readonly<Record<string, string>> = { spend: 'balances', days: 'sums of days', spend_logs: 'calls' };

const nameOf = (noun: string): string => WORDS[noun] ?? noun.replaceAll('_', ' ');

/** Columns in which nothing happened are left out, but for the first. */
export const formatReport = ({ dryRun, counts, problems, missingTables }: ImportReport): string => {
  const shown = COLUMNS.map(([column, heading], index) => ({ column, heading: dryRun ? DRY[index]! : heading })).filter(
    ({ column }, index) => index === 0 || counts.some((count) => count[column] > 0),
  );
  const table = [
    ['', ...shown.map(({ heading }) => heading)],
    ...counts.map((count) => [nameOf(count.noun), ...shown.map(({ column }) => count[column].toLocaleString('en'))]),
  ];
  const lines = [
    dryRun ? 'Dry run: nothing was written.' : 'The import is done.',
    '',
    ...aligned(table),
    ...(missingTables.length > 0 ? ['', `Not in that database: ${missingTables.join(', ')}.`] : []),
    ...(problems.length > 0 ? ['', 'Not as it was there:'] : []),
    ...problems.map(({ table: from, id, message }) => `  ${from}${id && ` ${printable(id)}`}: ${printable(message)}`),
  ];
  return `${lines.join('\n')}\n`;
};

/** What stood in a database must not move the cursor of a terminal. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '\uFFFD');

const aligned = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
};
