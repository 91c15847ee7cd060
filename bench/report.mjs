/** A run's results as text, and as a file. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { addedLatencies, ratios } from './holds.mjs';
import { NODE, ROOT } from './processes.mjs';
import { PHASES } from './phases.mjs';
import { spread } from './stats.mjs';
import { LANGUAGES } from './wire.mjs';

/** @typedef {import('./phases.mjs').Figures} Figures */
/** @typedef {import('./holds.mjs').Results} Results */
/** @typedef {import('./holds.mjs').Hold} Hold */

export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryMib: Math.round(totalmem() / 1_048_576),
  kernel: release(),
  node: execFileSync(NODE, ['--version'], { encoding: 'utf8' }).trim(),
  loadBefore: loadavg()[0],
});

/** Processor time of the whole machine so far, in ticks. */
export function cpuTimes() {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).map(Number) ?? [];
  // user nice system idle iowait irq softirq steal; guest time is in user already.
  return { all: ticks.slice(0, 8).reduce((sum, tick) => sum + tick, 0), stolen: ticks[7] ?? 0 };
}

/** @param {ReturnType<typeof cpuTimes>} before @returns {number} 0…1 of the processors' time since then */
export function stolenShare(before) {
  const now = cpuTimes();
  return (now.stolen - before.stolen) / Math.max(1, now.all - before.all);
}

/** @returns {{ commit: string, dirty: boolean }} */
export function revision() {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return { commit: git('rev-parse', '--short=10', 'HEAD'), dirty: git('status', '--porcelain') !== '' };
  } catch {
    return { commit: 'unknown', dirty: true };
  }
}

/** One column of a phase's table: its heading and the value of each round. */
/** @typedef {[heading: string, digits: number, read: (figures: Figures) => number | undefined]} Column */

/** @type {Column[]} */
const REQUEST_COLUMNS = [
  ['requests/s', 0, ({ perSecond }) => perSecond],
  ['p50 ms', 3, ({ latency }) => latency.p50],
  ['p99 ms', 3, ({ latency }) => latency.p99],
  ['errors', 0, ({ errors }) => errors],
  ['CPU µs/request', 1, ({ cpuMicros }) => cpuMicros],
];

/** @type {Record<string, { columns: Column[], cpu: (figures: Figures) => number, against: string }>} */
const TABLES = {
  sequential: { columns: REQUEST_COLUMNS, cpu: ({ cpuMicros }) => cpuMicros, against: 'floor' },
  c32: { columns: REQUEST_COLUMNS, cpu: ({ cpuMicros }) => cpuMicros, against: 'floor' },
  c1000: { columns: REQUEST_COLUMNS, cpu: ({ cpuMicros }) => cpuMicros, against: 'floor' },
  cache: { columns: REQUEST_COLUMNS, cpu: ({ cpuMicros }) => cpuMicros, against: 'floor' },
  soak: {
    columns: [...REQUEST_COLUMNS, ['RSS MiB', 0, ({ memoryMib }) => Math.max(...(memoryMib ?? []))]],
    cpu: ({ cpuMicros }) => cpuMicros,
    against: 'floor',
  },
  streams: {
    columns: [
      ['identical', 0, ({ identical }) => identical],
      ['errors', 0, ({ errors }) => errors],
      ['first byte ms', 2, ({ firstByte }) => firstByte.p50],
      ['gap p50 ms', 2, ({ gap }) => gap.p50],
      ['gap p99 ms', 2, ({ gap }) => gap.p99],
      ['CPU µs/chunk', 2, ({ cpuMicrosPerChunk }) => cpuMicrosPerChunk],
    ],
    cpu: ({ cpuMicrosPerChunk }) => cpuMicrosPerChunk,
    against: 'pipe',
  },
};

/** @param {Results} results @param {readonly Hold[]} holds @returns {string} */
export function reportOf(results, holds) {
  const sections = Object.entries(results.rounds).map(([phase, byTarget]) =>
    phase === 'large' ? largeTable(byTarget, results.parse) : phaseTable(phase, byTarget),
  );
  if (Object.keys(results.coldStarts).length > 0) sections.push(coldTable(results.coldStarts));
  if (Object.keys(results.memory).length > 0) sections.push(memoryTable(results.memory));
  const { choices, appends, records } = results;
  if (Object.keys(choices).length > 0) sections.push(partTable('one choice of the router, ns', 'deployments', choices));
  if (Object.keys(appends).length > 0) sections.push(partTable('one entry of the journal, ns', 'a turn', appends));
  if (Object.keys(records).length > 0)
    sections.push(partTable('counting one call in the metrics, ns', 'label sets', records));
  const { questions } = results.ledger;
  if (Object.keys(questions).length > 0) sections.push(questionTable(questions));
  if (results.service.perSecond.length > 0) sections.push(serviceTable(results.service));
  if (results.callbacks.requests > 0) sections.push(callbackTable(results.callbacks));
  sections.push(
    table(
      'What is held',
      ['hold', 'measured', ''],
      holds.map(({ figure, limit, measured, verdict }) => [figure, limit, measured, verdict]),
    ),
  );
  return sections.join('\n');
}

/** @param {string} phase @param {Record<string, Figures[]>} byTarget */
function phaseTable(phase, byTarget) {
  const { columns, cpu, against } = /** @type {(typeof TABLES)[string]} */ (TABLES[phase]);
  const rows = Object.entries(byTarget).map(([target, turns]) => [
    target,
    ...columns.map(([, digits, read]) => cell(turns.map(read), digits)),
    cell(ratios(turns, byTarget[against] ?? [], cpu), 2),
    ...(phase === 'sequential' ? [cell(addedLatencies(turns, byTarget.direct ?? []), 3)] : []),
  ]);
  const headings = [...columns.map(([heading]) => heading), `CPU × ${against}`];
  return table(PHASES[phase]?.title ?? phase, [...headings, ...(phase === 'sequential' ? ['added p50 ms'] : [])], rows);
}

/** @param {Record<string, Figures[]>} byTarget @param {Figures[]} parse */
function largeTable(byTarget, parse) {
  const rows = LANGUAGES.flatMap((language) => [
    [
      `${language}: decode + parse`,
      '',
      cell(
        parse.map((times) => times[language]),
        2,
      ),
      '1.00',
      '',
    ],
    ...Object.entries(byTarget).map(([target, turns]) => {
      const blocks = turns.map((turn) => turn[language].blockMs);
      const against = blocks.map((block, round) => block / parse[round]?.[language]).filter(Number.isFinite);
      return [
        `${language}: ${target}`,
        cell(
          turns.map((turn) => turn[language].latency.p50),
          2,
        ),
        cell(blocks, 2),
        cell(against, 2),
        cell(
          turns.map((turn) => turn[language].cpuMicros),
          0,
        ),
      ];
    }),
  ]);
  return table(PHASES.large?.title ?? '', ['p50 ms', 'longest block ms', '× parse', 'CPU µs/request'], rows);
}

/** @param {Results['coldStarts']} coldStarts */
const coldTable = (coldStarts) =>
  table(
    'cold start to the first answer',
    ['seconds'],
    Object.entries(coldStarts).map(([target, seconds]) => [target, cell(seconds, 2)]),
  );

/** @param {Results['memory']} memory */
const memoryTable = (memory) =>
  table(
    'resident memory, MiB a process',
    ['after warm-up', 'at the end', 'requests'],
    Object.entries(memory).map(([target, { afterWarmUp, atEnd, requests }]) => [
      target,
      afterWarmUp.join(' '),
      atEnd.join(' '),
      requests.toLocaleString('en'),
    ]),
  );

/**
 * Of a part alone: a column for each size, a row for each way.
 * @param {string} title
 * @param {string} unit of the sizes
 * @param {Record<number, Record<string, number[]>>} figures by size and way, one entry a round
 */
function partTable(title, unit, figures) {
  const sizes = Object.keys(figures).map(Number);
  const ways = Object.keys(figures[sizes[0] ?? 0] ?? {});
  return table(
    title,
    sizes.map((size) => `${size.toLocaleString('en')} ${unit}`),
    ways.map((way) => [way, ...sizes.map((size) => cell(figures[size]?.[way] ?? [], 0))]),
  );
}

/** @param {Record<string, number[]>} questions milliseconds, one a round */
const questionTable = (questions) =>
  table(
    'one answer of the ledger, ms',
    [''],
    Object.entries(questions).map(([question, rounds]) => [question, cell(rounds, 1)]),
  );

/** @param {Results['service']} service */
const serviceTable = ({ perSecond, authorise, memoryMib }) =>
  table(
    'one ledger over gRPC',
    [''],
    [
      ['settled a second', cell(perSecond, 0)],
      .../** @type {const} */ (['p50', 'p90', 'p99', 'max']).map((name) => [
        `authorise, ${name} ms`,
        cell(
          authorise.map(({ latency }) => latency[name]),
          2,
        ),
      ]),
      [
        'sent late, p99 ms',
        cell(
          authorise.map(({ lateness }) => lateness.p99),
          2,
        ),
      ],
      [
        'authorise, CPU µs of the ledger',
        cell(
          authorise.map(({ cpuMicros }) => cpuMicros),
          0,
        ),
      ],
      ['RSS MiB', cell(memoryMib, 0)],
    ],
  );

/** @param {Results['callbacks']} callbacks */
const callbackTable = ({ filled, memoryMib, requests, errors, p99 }) =>
  table(
    'callbacks whose servers answer nothing',
    [''],
    [
      [`RSS MiB after ${filled.toLocaleString('en')} requests`, cell(memoryMib.slice(0, 1), 0)],
      [`… and until ${requests.toLocaleString('en')}`, memoryMib.slice(1).join(' ')],
      ['errors', cell([errors], 0)],
      ['p99 ms, nobody is told', cell(p99.alone, 2)],
      ['p99 ms, Langfuse is told', cell(p99.told, 2)],
    ],
  );

/**
 * `median (least–most)`, or one number where the rounds agree.
 * @param {readonly (number | undefined)[]} values
 * @param {number} digits
 */
function cell(values, digits) {
  const numbers = values.filter((value) => value !== undefined && Number.isFinite(value)).map(Number);
  if (numbers.length === 0) return '';
  const { median, min, max } = spread(numbers);
  const text = (/** @type {number} */ value) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text(min) === text(max) ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}

/** @param {string} title @param {string[]} headings @param {string[][]} rows the first cell of each is its name */
function table(title, headings, rows) {
  const lines = [[title, ...headings], ...rows];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => [...(line[column] ?? '')].length))) ?? [];
  const text = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [text[0], '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...text.slice(1), ''].join('\n');
}

/** @param {{ date: string, commit: string }} names @param {object} content @returns {string} the file, from the root */
export function save({ date, commit }, content) {
  const folder = join(ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${date.replaceAll(':', '')}-${commit}.json`);
  writeFileSync(
    file,
    `${JSON.stringify(content, (_key, value) => (typeof value === 'number' ? round(value) : value), 1)}\n`,
  );
  return relative(ROOT, file);
}

/** Six digits are more than the machine is good for. @param {number} value */
const round = (value) => (Number.isInteger(value) ? value : Number(value.toPrecision(6)));
