/** The benchmark: `npm run bench -- [--quick] [--full] [--only PHASE]… [--no-peer] [--requests N] [--check]`. See README.md. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureCallbacks } from './callbacks.mjs';
import { APPEND_SIZES, CHOICE_SIZES, holdsOf, RECORD_SIZES } from './holds.mjs';
import { binFolder, startPostgres } from './ledger.postgres.mjs';
import { memoryOf, parseTimes, PHASES, PROBE_DIR, requests, startTarget } from './phases.mjs';
import { ask, freePort, killAll, startProcess, stopAll } from './processes.mjs';
import { measureService } from './service.mjs';
import { cpuTimes, machine, reportOf, revision, save, stolenShare } from './report.mjs';
import { dataDirs, missingOf, PEER, TARGETS } from './targets.mjs';
import { LANGUAGES, largeBody } from './wire.mjs';

/** @typedef {import('./phases.mjs').Contender} Contender */
/** @typedef {import('./phases.mjs').Sizes} Sizes */
/** @typedef {import('./targets.mjs').Target} Target */

const MAX_REQUESTS = 1_000_000;
const LIMIT_MS = { quick: 180_000, usual: 900_000 };

/** @type {Record<'quick' | 'usual', Sizes>} */
const SIZES = {
  usual: {
    rounds: 5,
    warmUp: 12_000,
    sequential: 250,
    loadMs: 1_500,
    crowdRounds: 3,
    streams: 64,
    streamRounds: 5,
    paceMs: 8,
    large: 20,
    coldStarts: 5,
    partRounds: 7,
    choices: 400_000,
    appends: 32_000,
    records: 400_000,
    ledgerCalls: 1_000_000,
    service: { rounds: 5, calls: 100_000, keys: 12_000, perSecond: 1_000, seconds: 10 },
    callbacks: { requests: 200_000, rounds: 5, loadMs: 1_500 },
  },
  quick: {
    rounds: 2,
    warmUp: 1_000,
    sequential: 100,
    loadMs: 500,
    crowdRounds: 1,
    streams: 64,
    streamRounds: 2,
    paceMs: 5,
    large: 5,
    coldStarts: 1,
    partRounds: 3,
    choices: 100_000,
    appends: 8_000,
    records: 100_000,
    ledgerCalls: 60_000,
    service: { rounds: 2, calls: 20_000, keys: 12_000, perSecond: 1_000, seconds: 4 },
    callbacks: { requests: 60_000, rounds: 3, loadMs: 800 },
  },
};

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    'no-peer': { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    requests: { type: 'string', default: '' },
  },
});
/** Of one part alone, without a gateway. */
const PARTS = { router: choices, journal: appends, metrics: records, ledger: settlements, service, callbacks };
/** Of these the ones that take long: with `--full` or by name only. */
const ON_DEMAND = new Set(['callbacks']);
const phaseNames = [...Object.keys(PHASES), 'cold', ...Object.keys(PARTS)];
const unknown = flags.only.find((name) => !phaseNames.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`no phase is called ${unknown}; there are ${phaseNames.join(', ')}\n`);
  process.exit(2);
}

const size = flags.quick ? 'quick' : 'usual';
const sizes = SIZES[size];
if (flags.requests !== '') {
  const count = Number(flags.requests);
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_REQUESTS) {
    process.stderr.write(`--requests must be a whole number from 1 to ${MAX_REQUESTS.toLocaleString('en')}\n`);
    process.exit(2);
  }
  sizes.callbacks.requests = count;
}
/** Of the ledgers beside the gateways; started when the first one asks. @type {Promise<import('./ledger.postgres.mjs').Postgres> | undefined} */
let postgres;
let databases = 0;
/** @type {string[]} */
const notes = [];
/** @type {import('./holds.mjs').Results} */
const results = {
  rounds: {},
  parse: [],
  coldStarts: {},
  memory: {},
  choices: {},
  appends: {},
  records: {},
  ledger: { perSecond: [], questions: {} },
  service: { perSecond: [], authorise: [], memoryMib: [] },
  callbacks: { filled: 0, memoryMib: [], requests: 0, errors: 0, p99: { alone: [], told: [] } },
};
/** @type {Record<string, number>} requests sent to each target */
const sent = {};
const cpuBefore = cpuTimes();
const begun = { date: new Date().toISOString().slice(0, 16), ...revision(), machine: machine() };

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);
/** @param {string} note */
const remark = (note) => {
  if (notes.includes(note)) return;
  notes.push(note);
  say(note);
};

/** @param {string} name @param {boolean} [onDemand] */
const wanted = (name, onDemand = false) =>
  flags.only.length > 0 ? flags.only.includes(name) : flags.full || !onDemand;

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => leave(130, `ended by ${signal}`));
}
process.once('uncaughtException', (error) => leave(1, error.stack ?? String(error)));
process.once('exit', cleanUp);
setTimeout(() => {
  remark(`stopped after ${LIMIT_MS[size] / 1_000} s: the figures below are incomplete`);
  finish();
  process.exit(1);
}, LIMIT_MS[size]).unref();

await run();
finish();
process.exit(flags.check && holdsOf(results).some(({ verdict }) => verdict === 'missed') ? 1 : 0);

async function run() {
  for (const [name, measure] of Object.entries(PARTS)) if (wanted(name, ON_DEMAND.has(name))) await measure();
  if (flags.only.every((name) => name in PARTS) && flags.only.length > 0) return;
  if (!flags['no-peer']) installPeer();
  const upstreamPort = await freePort();
  startProcess('upstream', ['bench/upstream.mjs', String(upstreamPort), String(sizes.paceMs)]);
  const load = startProcess('load', ['bench/load.mjs'], { messages: true });
  const reference = startProcess('reference', ['bench/reference.mjs'], { messages: true });

  const phases = Object.entries(PHASES).filter(([name, { fresh }]) => wanted(name, fresh !== undefined));
  const together = phases.filter(([, { fresh }]) => fresh === undefined);
  if (together.length > 0) {
    const entered = startable().filter((target) => together.some(([name]) => takesPart(target, name)));
    const contenders = await startContenders(entered, upstreamPort);
    for (const contender of contenders) await warmUp(load, contender);
    await parseTimes(reference, sizes);
    for (const [name, phase] of together) await takeTurns(name, phase, contenders, load, reference);
    for (const contender of contenders) {
      const { running, target } = contender;
      const memory = results.memory[target.name];
      if (memory) Object.assign(memory, { atEnd: memoryOf(contender), requests: sent[target.name] ?? 0 });
      await running?.stop();
    }
  }
  for (const [name, phase] of phases.filter(([, { fresh }]) => fresh !== undefined)) {
    const targets = startable().filter((target) => phase.fresh?.includes(target.name));
    const contenders = await startContenders(targets, upstreamPort);
    for (const contender of contenders) await phase.begin?.(load, contender);
    await takeTurns(name, phase, contenders, load, reference);
    for (const { running } of contenders) await running?.stop();
  }
  if (wanted('cold')) await coldStarts(upstreamPort);
  await stopAll();
  await (await postgres)?.stop();
}

/** @param {Target} target @param {string} phase */
function takesPart({ name, phases }, phase) {
  return (phases?.includes(phase) ?? true) && (PHASES[phase]?.only?.includes(name) ?? true);
}

/** @returns {Target[]} what can be started, of what is asked for */
function startable() {
  const chosen = TARGETS.filter(({ when }) => when === 'always' || flags.full);
  return chosen.filter((target) => {
    if (target.isPeer && flags['no-peer']) return false;
    const missing = missingOf(target);
    if (missing) remark(`${target.name} is left out: there is no ${missing}`);
    return missing === undefined;
  });
}

/** @param {Target[]} targets @param {number} upstreamPort @returns {Promise<Contender[]>} */
async function startContenders(targets, upstreamPort) {
  const contenders = [];
  for (const target of targets) {
    try {
      const databaseUrl = await databaseFor(target);
      const options = { upstreamPort, databaseUrl, dataDir: dataDirs.make(target.name), probe: !target.isPeer };
      const { contender } = await startTarget(target, options);
      const headers = await target
        .prepare?.(`http://127.0.0.1:${contender.port}`)
        .catch((/** @type {Error} */ error) => {
          remark(`${target.name} is measured with its master key: ${error.message}`);
          return undefined;
        });
      contenders.push({ ...contender, databaseUrl, ...(headers && { headers }) });
    } catch (error) {
      remark(`${target.name} is left out: ${/** @type {Error} */ (error).message}`);
    }
  }
  return contenders;
}

/** A database of its own. @param {Target} target @returns {Promise<string | undefined>} none: its ledger embeds one */
async function databaseFor({ name, hasPostgres }) {
  if (!hasPostgres) return undefined;
  if (!binFolder()) {
    remark(`${name} has an embedded database: there is no PostgreSQL server`);
    return undefined;
  }
  postgres ??= startPostgres(dataDirs.make('postgres'));
  databases += 1;
  return (await postgres).database(`bench_${databases}`);
}

/** @param {import('./processes.mjs').Running} load @param {Contender} contender */
async function warmUp(load, contender) {
  const { name } = contender.target;
  await requests(load, contender, { connections: 1, count: sizes.warmUp >> 2 });
  await requests(load, contender, { connections: 32, count: sizes.warmUp });
  for (const language of LANGUAGES) {
    await requests(load, contender, { connections: 1, count: sizes.large, body: largeBody(language) });
  }
  if (contender.running) results.memory[name] = { afterWarmUp: memoryOf(contender), atEnd: [], requests: 0 };
}

/**
 * A B C, B C A, …: no target is always first, and what happens on the machine meanwhile meets all alike.
 * @param {string} name
 * @param {import('./phases.mjs').Phase} phase
 * @param {Contender[]} contenders
 * @param {import('./processes.mjs').Running} load
 * @param {import('./processes.mjs').Running} reference
 */
async function takeTurns(name, phase, contenders, load, reference) {
  say(`${phase.title} …`);
  const entered = contenders.filter(({ target }) => takesPart(target, name));
  const byTarget = Object.fromEntries(
    entered.map(({ target }) => [target.name, /** @type {import('./phases.mjs').Figures[]} */ ([])]),
  );
  results.rounds[name] = byTarget;
  for (let round = 0; round < phase.rounds(sizes); round += 1) {
    if (name === 'large') results.parse.push(await parseTimes(reference, sizes));
    const start = round % entered.length;
    for (const contender of [...entered.slice(start), ...entered.slice(0, start)]) {
      const figures = await phase.turn(load, contender, sizes);
      delete figures.windows;
      byTarget[contender.target.name]?.push(figures);
      sent[contender.target.name] = (sent[contender.target.name] ?? 0) + (figures.requests ?? 0);
      if (figures.errors > 0)
        remark(`${name}, ${contender.target.name}: ${JSON.stringify(figures.errorKinds ?? figures.errors)}`);
    }
  }
}

/** @param {number} upstreamPort */
async function coldStarts(upstreamPort) {
  say('cold starts …');
  const targets = startable().filter((target) => target.command && takesPart(target, 'cold'));
  /** @type {Map<Target, { dataDir: string, databaseUrl: string | undefined }>} */
  const kept = new Map();
  for (const target of targets)
    kept.set(target, { dataDir: dataDirs.make(target.name), databaseUrl: await databaseFor(target) });
  // The first start makes the data directory and fills the machine's file cache; it is not counted.
  for (let round = 0; round <= sizes.coldStarts; round += 1) {
    for (const [target, data] of kept) {
      try {
        const { contender, seconds } = await startTarget(target, { upstreamPort, ...data, probe: false });
        await contender.running?.stop();
        if (round > 0) (results.coldStarts[target.name] ??= []).push(seconds);
      } catch (error) {
        remark(`${target.name} did not start: ${/** @type {Error} */ (error).message}`);
        kept.delete(target);
      }
    }
  }
}

async function choices() {
  say('choices of the router …');
  const router = startProcess('router', ['bench/choices.mjs'], { messages: true });
  const { strategies } = await ask(router, {});
  for (const deployments of CHOICE_SIZES) {
    const count = Math.ceil(sizes.choices / deployments);
    results.choices[deployments] = await turnByTurn(strategies, (strategy) =>
      ask(router, { strategy, deployments, count }),
    );
  }
  await router.stop();
}

async function appends() {
  say('entries of the journal …');
  const journal = startProcess('journal', ['bench/appends.mjs'], { messages: true });
  const { ways } = await ask(journal, {});
  const directory = dataDirs.make('journal');
  for (const callsPerTurn of APPEND_SIZES) {
    results.appends[callsPerTurn] = await turnByTurn(ways, (way) =>
      ask(journal, { way, callsPerTurn, count: sizes.appends, directory }),
    );
  }
  await journal.stop();
}

async function records() {
  say('calls counted in the metrics …');
  const metrics = startProcess('metrics', ['bench/records.mjs'], { messages: true });
  const { ways } = await ask(metrics, {});
  for (const labelSets of RECORD_SIZES) {
    results.records[labelSets] = await turnByTurn(ways, (way) =>
      ask(metrics, { way, labelSets, count: sizes.records }),
    );
  }
  await metrics.stop();
}

async function settlements() {
  if (!binFolder()) return remark('the ledger is left out: there is no PostgreSQL server');
  say('settling and asking the ledger …');
  const ledger = startProcess('ledger', ['bench/ledger.mjs'], { messages: true });
  // A day is a round: long enough for the senders to keep the ledger busy.
  const days = Math.min(30, Math.ceil(sizes.ledgerCalls / 20_000));
  const order = { directory: dataDirs.make('ledger'), days, callsPerDay: Math.ceil(sizes.ledgerCalls / days) };
  const { failure, ...figures } = await ask(ledger, { ...order, questionRounds: sizes.partRounds });
  if (failure) remark(`the ledger could not be measured: ${failure}`);
  else results.ledger = figures;
  await ledger.stop();
}

async function service() {
  if (!binFolder()) return remark('the ledger’s service is left out: there is no PostgreSQL server');
  say('settling and authorising over gRPC …');
  try {
    const [dataDir, postgresDir] = [dataDirs.make('service'), dataDirs.make('service-postgres')];
    results.service = await measureService({ dataDir, postgresDir, ...sizes.service });
  } catch (error) {
    remark(`the ledger’s service could not be measured: ${/** @type {Error} */ (error).message}`);
  }
}

async function callbacks() {
  if (!existsSync('apps/cli/dist/main.js')) return remark('callbacks are left out: the gateway is not built');
  say('callbacks whose servers answer nothing …');
  try {
    results.callbacks = await measureCallbacks(sizes.callbacks);
  } catch (error) {
    remark(`callbacks could not be measured: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * A B C, B C A, … as with targets; the first turn of each is not counted.
 * @param {string[]} names
 * @param {(name: string) => Promise<{ nanos: number }>} measure
 * @returns {Promise<Record<string, number[]>>} of each, one a round
 */
async function turnByTurn(names, measure) {
  /** @type {Record<string, number[]>} */
  const byName = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= sizes.partRounds; round += 1) {
    const start = round % names.length;
    for (const name of [...names.slice(start), ...names.slice(0, start)]) {
      const { nanos } = await measure(name);
      if (round > 0) byName[name]?.push(nanos);
    }
  }
  return byName;
}

function installPeer() {
  if (existsSync(PEER.installed)) return;
  say('installing the peer …');
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEER.folder,
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) remark(`the peer could not be installed: ${String(stderr).trim().split('\n').at(-1)}`);
}

function finish() {
  const holds = holdsOf(results);
  const stolen = stolenShare(cpuBefore);
  const { cpu, cores, node } = begun.machine;
  process.stdout.write(
    `\nTurnpike bench, ${begun.date}, commit ${begun.commit}${begun.dirty ? ' and changes' : ''}\n` +
      `${cpu} × ${cores}, Node ${node}, ${(stolen * 100).toFixed(1)} % of the time taken by other machines of the host\n` +
      `medians (least–most) of the rounds\n\n${reportOf(results, holds)}\n`,
  );
  for (const note of notes) process.stdout.write(`note: ${note}\n`);
  const file = save(begun, { ...begun, stolen, flags, sizes, notes, ...results, holds });
  process.stdout.write(`all rounds: ${file}\n`);
}

/** @param {number} code @param {string} why @returns {never} */
function leave(code, why) {
  say(why);
  process.exit(code);
}

function cleanUp() {
  killAll();
  dataDirs.removeAll();
  rmSync(PROBE_DIR, { recursive: true, force: true });
}
