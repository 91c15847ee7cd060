/** The figures that the project holds itself to, each read from a run's results. */
import { median, spread } from './stats.mjs';
import { LANGUAGES } from './wire.mjs';

/** @typedef {import('./phases.mjs').Figures} Figures */

/**
 * @typedef {object} Results
 * @property {Record<string, Record<string, Figures[]>>} rounds by phase and target, one entry a round
 * @property {Figures[]} parse the reference for blocks: milliseconds by language, one entry a round
 * @property {Record<string, number[]>} coldStarts seconds by target
 * @property {Record<string, { afterWarmUp: number[], atEnd: number[], requests: number }>} memory MiB of each process
 * @property {Record<number, Record<string, number[]>>} choices nanoseconds of a choice by the number of deployments and
 *   the strategy, one entry a round
 * @property {Record<number, Record<string, number[]>>} appends nanoseconds of an entry by the calls a turn and the way, one
 *   entry a round
 * @property {Record<number, Record<string, number[]>>} records nanoseconds of counting a call by the number of label sets
 *   and the settings, one entry a round
 * @property {{ perSecond: number[], questions: Record<string, number[]> }} ledger entries a second, one figure a day of
 *   the log; milliseconds of each question, one entry a round
 * @property {import('./service.mjs').ServiceFigures} service
 * @property {import('./callbacks.mjs').CallbackFigures} callbacks
 */

/** Among so many deployments the router chooses. */
export const CHOICE_SIZES = [10, 1_000];
/** Microseconds that the choice of any strategy may take. @type {Record<number, number>} */
const CHOICE_LIMITS = { 10: 5, 1_000: 50 };

/** So many calls end in one turn of the event loop. */
export const APPEND_SIZES = [1, 8, 32];
/** Microseconds beyond making the JSON of an entry, and the calls a turn at which they hold. */
const APPEND_LIMIT = { micros: 2, callsPerTurn: 32 };

/** Among so many label sets calls are counted. */
export const RECORD_SIZES = [1, 5_000];
/** Microseconds that counting a call may take, with every label on. */
const RECORD_MICROS = 3;

/** Entries a second that one ledger settles at least, and milliseconds that it takes for an answer at most. */
const LEDGER_LIMITS = { perSecond: 20_000, questionMs: 300 };

/** Of a ledger as a process, asked over gRPC. */
const SERVICE_LIMITS = { authoriseMs: 5, memoryMib: 200 };

/** By so much a worker may grow once its queues are full: what the collector of garbage leaves varies by about as much. */
const GROWTH_LIMIT = 1.1;

/**
 * @typedef {object} Hold
 * @property {string} figure
 * @property {string} limit
 * @property {string} measured
 * @property {'held' | 'missed' | 'not measured'} verdict
 */

/** @param {Results} results @returns {Hold[]} */
export function holdsOf(results) {
  const { rounds, parse, coldStarts } = results;
  /** @param {string} phase @param {string} target */
  const of = (phase, target) => rounds[phase]?.[target] ?? [];
  return [
    atMost(
      'CPU per chat request, 1 worker, against the floor',
      1.5,
      '×',
      ratios(of('c32', 'gateway-1'), of('c32', 'floor'), ({ cpuMicros }) => cpuMicros),
    ),
    atMost(
      'CPU per chat request, 1 worker without a ledger, against the floor',
      1.5,
      '×',
      ratios(of('c32', 'gateway-alone'), of('c32', 'floor'), ({ cpuMicros }) => cpuMicros),
    ),
    // Against a floor that shares the clients among as many processes: the fewer a process has at once, the more of its
    // time goes into waking up.
    atMost(
      'CPU per chat request, 4 workers, against the floor in 4 processes',
      1.5,
      '×',
      ratios(of('c32', 'gateway-4'), of('c32', 'floor-4'), ({ cpuMicros }) => cpuMicros),
    ),
    atMost(
      'added latency p50, sequential',
      0.25,
      'ms',
      addedLatencies(of('sequential', 'gateway-1'), of('sequential', 'direct')),
    ),
    atMost(
      'added latency p50, sequential, without a ledger',
      0.25,
      'ms',
      addedLatencies(of('sequential', 'gateway-alone'), of('sequential', 'direct')),
    ),
    atMost(
      'CPU per answer from the memory cache, against the floor',
      1,
      '×',
      ratios(of('cache', 'cache-memory'), of('cache', 'floor'), ({ cpuMicros }) => cpuMicros),
    ),
    atMost(
      'an answer from the Redis cache, p50, one client',
      1,
      'ms',
      of('cache', 'cache-redis').map(({ latency }) => latency.p50),
    ),
    atMost(
      'CPU per streamed chunk, against the raw pipe',
      1.2,
      '×',
      ratios(of('streams', 'gateway-1'), of('streams', 'pipe'), ({ cpuMicrosPerChunk }) => cpuMicrosPerChunk),
    ),
    identicalStreams(of('streams', 'gateway-1')),
    ...LANGUAGES.map((language) =>
      atMost(
        `longest block with a 400 KB prompt in ${capital(language)}, against decode + parse`,
        1.3,
        '×',
        of('large', 'gateway-1').flatMap((figures, round) => {
          const [block, reference] = [figures[language].blockMs, parse[round]?.[language]];
          return block === undefined || !reference ? [] : [block / reference];
        }),
      ),
    ),
    ...[1, 4].map((workers) =>
      noErrors(
        `errors with 1,000 clients, ${workers} worker${workers > 1 ? 's' : ''}`,
        of('c1000', `gateway-${workers}`),
      ),
    ),
    atMost('cold start to the first answer, with the ledger', 1.5, 's', coldStarts['gateway-embedded'] ?? []),
    atMost('cold start to the first answer, gateway alone', 0.8, 's', coldStarts['gateway-alone'] ?? []),
    memoryHold(of('soak', 'gateway-1'), ' with 10,000 keys'),
    memoryHold(of('soak', 'gateway-alone'), ' without a ledger'),
    ...CHOICE_SIZES.map((size) =>
      atMost(
        `one choice among ${size.toLocaleString('en')} deployments, the slowest strategy's`,
        CHOICE_LIMITS[size] ?? Number.NaN,
        'µs',
        slowest(Object.values(results.choices[size] ?? {})).map((nanos) => nanos / 1_000),
      ),
    ),
    atMost(
      `one journal entry, beyond its JSON, ${APPEND_LIMIT.callsPerTurn} calls a turn`,
      APPEND_LIMIT.micros,
      'µs',
      beyondJson(results.appends[APPEND_LIMIT.callsPerTurn] ?? {}),
    ),
    ...RECORD_SIZES.map((size) =>
      atMost(
        `counting a call in the metrics, ${size.toLocaleString('en')} label set${size > 1 ? 's' : ''}`,
        RECORD_MICROS,
        'µs',
        slowest(Object.values(results.records[size] ?? {})).map((nanos) => nanos / 1_000),
      ),
    ),
    atLeast('entries a second that one ledger settles', LEDGER_LIMITS.perSecond, results.ledger.perSecond),
    atMost(
      'an answer of the ledger about its log and its sums, the slowest question’s',
      LEDGER_LIMITS.questionMs,
      'ms',
      slowestMedian(results.ledger.questions),
    ),
    noFailures('calls to authorise that failed', results.service.authorise),
    atMost(
      'a key that no gateway knows yet, p99 at 1,000 a second',
      SERVICE_LIMITS.authoriseMs,
      'ms',
      results.service.authorise.map(({ latency }) => latency.p99),
    ),
    atMost(
      'RSS of a ledger on PostgreSQL, after both',
      SERVICE_LIMITS.memoryMib,
      'MiB',
      results.service.memoryMib.slice(-1),
    ),
    growthHold(results.callbacks),
    noErrors('errors with callbacks that answer nothing', results.callbacks.requests > 0 ? [results.callbacks] : []),
    latencyHold(results.callbacks.p99),
  ];
}

/**
 * The last tenth of the samples, since one alone may stand just before garbage is collected.
 * @param {Results['callbacks']} figures @returns {Hold}
 */
function growthHold({ filled, memoryMib, requests }) {
  const [first, ...later] = memoryMib;
  const last = later.slice(-Math.ceil(later.length / 10));
  const of = requests > 0 ? `, from ${filled.toLocaleString('en')} requests to ${requests.toLocaleString('en')}` : '';
  return atMost(
    `growth of a worker with callbacks that answer nothing${of}`,
    GROWTH_LIMIT,
    '×',
    first && last.length > 0 ? [median(last) / first] : [],
  );
}

/**
 * What tells apart is less than what varies anyway: the greater of the two ranges.
 * @param {Results['callbacks']['p99']} p99 @returns {Hold}
 */
function latencyHold({ alone, told }) {
  const figure = 'p99 that a Langfuse adds which answers nothing, within the spread of the rounds';
  if (alone.length === 0 || told.length === 0) return { figure, limit: '', measured: '', verdict: 'not measured' };
  const range = Math.max(...[alone, told].map((rounds) => spread(rounds).max - spread(rounds).min));
  const added = median(told) - median(alone);
  return {
    figure,
    limit: `≤ ${range.toFixed(2)} ms`,
    measured: added.toFixed(2),
    verdict: added <= range ? 'held' : 'missed',
  };
}

/** @param {Record<string, number[]>} byWay @returns {number[]} microseconds that appending adds, one a round */
const beyondJson = ({ 'JSON alone': json = [], 'append, one write a turn': append = [] }) =>
  append.map((nanos, round) => (nanos - (json[round] ?? Number.NaN)) / 1_000);

/** @param {Record<string, number[]>} questions @returns {number[]} the rounds of the one that takes longest */
const slowestMedian = (questions) =>
  Object.values(questions).reduce(
    (slowest, rounds) => (slowest.length > 0 && median(slowest) >= median(rounds) ? slowest : rounds),
    [],
  );

/** @param {number[][]} rounds of each strategy @returns {number[]} of each round the greatest */
const slowest = (rounds) => (rounds[0] ?? []).map((_, round) => Math.max(...rounds.map((turns) => turns[round] ?? 0)));

/**
 * The same round of two targets: they stand next to each other in time, so the machine treated them alike.
 * @param {readonly Figures[]} some
 * @param {readonly Figures[]} others
 * @returns {[Figures, Figures][]}
 */
const pairs = (some, others) =>
  some.flatMap((figures, round) => {
    const other = others[round];
    return other === undefined ? [] : [/** @type {[Figures, Figures]} */ ([figures, other])];
  });

/**
 * @param {readonly Figures[]} some
 * @param {readonly Figures[]} others
 * @param {(figures: Figures) => number} read
 */
export const ratios = (some, others, read) =>
  pairs(some, others)
    .map(([a, b]) => read(a) / read(b))
    .filter(Number.isFinite);

/**
 * Milliseconds at the median, against going direct.
 * @param {readonly Figures[]} some
 * @param {readonly Figures[]} direct
 */
export const addedLatencies = (some, direct) => pairs(some, direct).map(([a, b]) => a.latency.p50 - b.latency.p50);

/** @param {string} figure @param {number} limit @param {string} unit @param {number[]} values one a round @returns {Hold} */
function atMost(figure, limit, unit, values) {
  const limitText = `≤ ${limit} ${unit}`;
  if (values.length === 0) return { figure, limit: limitText, measured: '', verdict: 'not measured' };
  const { median, min, max } = spread(values);
  const measured = `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
  return { figure, limit: limitText, measured, verdict: median <= limit ? 'held' : 'missed' };
}

/** @param {string} figure @param {number} limit @param {number[]} values one a round @returns {Hold} */
function atLeast(figure, limit, values) {
  const limitText = `≥ ${limit.toLocaleString('en')}`;
  if (values.length === 0) return { figure, limit: limitText, measured: '', verdict: 'not measured' };
  const { median: middle, min, max } = spread(values);
  const text = (/** @type {number} */ value) => Math.round(value).toLocaleString('en');
  const measured = `${text(middle)} (${text(min)}–${text(max)})`;
  return { figure, limit: limitText, measured, verdict: middle >= limit ? 'held' : 'missed' };
}

/** @param {readonly Figures[]} turns @returns {Hold} */
function identicalStreams(turns) {
  const total = turns.reduce((sum, { streams, errors }) => sum + streams + errors, 0);
  const identical = turns.reduce((sum, turn) => sum + turn.identical, 0);
  const figure = 'streams whose bytes are the upstream’s';
  if (total === 0) return { figure, limit: 'all', measured: '', verdict: 'not measured' };
  return {
    figure,
    limit: 'all',
    measured: `${identical} of ${total}`,
    verdict: identical === total ? 'held' : 'missed',
  };
}

/** @param {string} figure @param {readonly Figures[]} turns @returns {Hold} */
function noErrors(figure, turns) {
  if (turns.length === 0) return { figure, limit: '0', measured: '', verdict: 'not measured' };
  const errors = turns.reduce((sum, turn) => sum + turn.errors, 0);
  const requests = turns.reduce((sum, turn) => sum + turn.requests, 0);
  const measured = `${errors} of ${(requests + errors).toLocaleString('en')}`;
  return { figure, limit: '0', measured, verdict: errors === 0 ? 'held' : 'missed' };
}

/** @param {string} figure @param {readonly { failures: number }[]} rounds @returns {Hold} */
function noFailures(figure, rounds) {
  if (rounds.length === 0) return { figure, limit: '0', measured: '', verdict: 'not measured' };
  const failures = rounds.reduce((sum, round) => sum + round.failures, 0);
  return { figure, limit: '0', measured: String(failures), verdict: failures === 0 ? 'held' : 'missed' };
}

/** @param {readonly Figures[]} turns @param {string} circumstance @returns {Hold} */
function memoryHold(turns, circumstance) {
  const requests = turns.reduce((sum, turn) => sum + turn.requests, 0);
  const when = requests > 0 ? `after ${requests.toLocaleString('en')} requests` : '(--full)';
  return atMost(
    `RSS of a worker${circumstance} ${when}`,
    200,
    'MiB',
    turns.slice(-1).map(({ memoryMib }) => Math.max(...memoryMib)),
  );
}

/** @param {string} word */
const capital = (word) => word[0]?.toUpperCase() + word.slice(1);
