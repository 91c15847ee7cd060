/** The simulator: `npm run sim -- [--quick] [--requests N] [--scenario NAME]… [--strategy NAME]… [--check]`. See README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pageOf, tableOf } from './page.mjs';
import { play } from './play.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { loadStrategies } from './strategies.mjs';

const PAGE = new URL('../../docs/routing-simulation.md', import.meta.url);
const SEED = 1;
/** Of each strategy, over all scenarios. */
const REQUESTS = { whole: 1_000_000, quick: 40_000 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    requests: { type: 'string' },
    scenario: { type: 'string', multiple: true, default: [] },
    strategy: { type: 'string', multiple: true, default: [] },
    check: { type: 'boolean', default: false },
  },
});

/** @template {{ name: string }} T @param {readonly T[]} all @param {readonly string[]} names @returns {readonly T[]} */
const chosen = (all, names) => {
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown === undefined) return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  process.stderr.write(`there is no ${unknown}, only ${all.map(({ name }) => name).join('; ')}\n`);
  process.exit(2);
};

const scenarios = chosen(SCENARIOS, flags.scenario);
const strategies = chosen(await loadStrategies(), flags.strategy);
const total = Number(flags.requests ?? (flags.quick ? REQUESTS.quick : REQUESTS.whole));
const size = { requests: Math.ceil(total / SCENARIOS.length), seed: SEED };
// The page shows everything; a part of it is for whoever asked.
const isWhole = !flags.quick && flags.requests === undefined && !flags.scenario.length && !flags.strategy.length;

const begun = performance.now();
const results = [];
for (const scenario of scenarios) {
  const rows = [];
  for (const strategy of strategies) {
    rows.push({ strategy: strategy.name, figures: await play(scenario, strategy, size) });
  }
  results.push({ scenario, rows });
  process.stdout.write(`${scenario.name}: ${scenario.what}\n${tableOf(rows, size.requests)}\n\n`);
}
const seconds = (performance.now() - begun) / 1_000;
const requests = size.requests * scenarios.length * strategies.length;
process.stdout.write(`${requests.toLocaleString('en')} requests in ${seconds.toFixed(0)} s\n`);

if (isWhole) {
  const page = pageOf(results, size);
  if (!flags.check) writeFileSync(PAGE, page);
  else if (readFileSync(PAGE, 'utf8') !== page) {
    process.stderr.write('docs/routing-simulation.md is out of date. Run: npm run sim\n');
    process.exitCode = 1;
  }
}
