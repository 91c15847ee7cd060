/** The figures as tables, and as a page of the documentation. */
import { PER_SECOND } from './scenarios.mjs';

/** @typedef {import('./tally.mjs').Figures} Figures */
/** @typedef {import('./scenarios.mjs').Scenario} Scenario */
/** @typedef {{ strategy: string, figures: Figures }} Row */

const HEADINGS = [
  'strategy',
  'answered',
  'p50',
  'p99',
  'attempts a request',
  'share of a · b · c · d · e',
  'not answered',
];

/** @param {number} share */
const percent = (share, digits = 2) => `${(share * 100).toFixed(digits)} %`;
/** @param {number} ms */
const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

/** @param {Figures} figures @param {number} requests */
const cells = ({ answered, p50Ms, p99Ms, attempts, shares, errors }, requests) => [
  percent(answered),
  seconds(p50Ms),
  seconds(p99Ms),
  attempts.toFixed(3),
  ['a', 'b', 'c', 'd', 'e'].map((id) => ((shares[id] ?? 0) * 100).toFixed(0)).join(' · '),
  Object.entries(errors)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, count]) => `\`${code}\` ${percent(count / requests)}`)
    .join(', '),
];

/** @param {readonly string[]} words */
const line = (words) => `| ${words.join(' | ')} |`.replaceAll('|  |', '| |');

/** @param {readonly Row[]} rows @param {number} requests of each */
export const tableOf = (rows, requests) =>
  [
    line(HEADINGS),
    line(['---', '--:', '--:', '--:', '--:', ':-:', '---']),
    ...rows.map(({ strategy, figures }) => line([strategy, ...cells(figures, requests)])),
  ].join('\n');

/**
 * @param {readonly { scenario: Scenario, rows: readonly Row[] }[]} results
 * @param {{ requests: number, seed: number }} size requests of each strategy in each scenario
 */
export const pageOf = (results, { requests, seed }) => `# Routing, simulated

<!-- Written by \`npm run sim\`. -->

What the routing strategies do when something goes wrong. The router and the strategies are the real ones; clients, providers
and time are simulated (\`test/sim/\`), so that ${(requests * results.length).toLocaleString('en')} requests a strategy take minutes, and every run with the same
seed (${seed}) gives the same figures.

- Five deployments, \`a\` to \`e\`, of one model group, with the router's defaults: 2 retries, cooldowns of 5 s. The
  configuration allows each 40 requests at once, and says that \`a\` is the cheapest and \`e\` the dearest.
- ${PER_SECOND} requests a second, at random, from clients that know nothing of each other; ${requests.toLocaleString('en')} of them in each line below.
- An answer has 20 to 420 tokens and takes 200 ms and 8 ms a token, more or less by chance. A deployment with 40 requests under
  way is half as quick as one with none.
- *p50* and *p99* are of what was answered, from the client's request to the end of the answer, retries and waits included.
  *Share* is that of the attempts, in percent.

In each run the simulator also looks for what must never happen: a request lost or answered twice, more attempts than there may
be, a deployment in cooldown that is asked, one asked again that just failed while another is well, a wait beyond the deadline,
a place or a limit that is not given back.

${results.map(({ scenario, rows }) => `## ${titled(scenario.name)}\n\n${scenario.what}\n\n${tableOf(rows, requests)}\n`).join('\n')}`;

/** @param {string} name */
const titled = (name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
