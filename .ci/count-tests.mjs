// Reads Jest's JSON summary, prints `PASSED FAILED` for .ci/run, and tells on standard error what was not run. Suites that
// do not load and suites that were skipped as a whole count as failed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const summary = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = summary;

let skippedSuites = 0;
for (const { name, assertionResults, message } of summary.testResults) {
  const file = relative(process.cwd(), name);
  const skipped = assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
  if (assertionResults.length === 0) {
    if (message === '') skippedSuites += 1;
    console.error(`not run: ${file}`);
  } else if (skipped.length === assertionResults.length) {
    skippedSuites += 1;
    console.error(`skipped as a whole: ${file}`);
  } else {
    for (const { fullName } of skipped) console.error(`skipped: ${file}: ${fullName}`);
  }
}

console.log(`${numPassedTests} ${numFailedTests + numRuntimeErrorTestSuites + skippedSuites}`);
