// Hands checks to the test runner: whichever one put `describe` and `it` among the globals.
import { isSkipped, withSkipChecks, type Check, type Skip } from './check.js';

interface It {
  (title: string, run: () => void | Promise<void>, timeoutMs?: number): void;
  skip(title: string, run: () => void): void;
}

interface Runner {
  describe?: (title: string, declare: () => void) => void;
  it?: It;
  expect?: { getState?(): { testPath?: string } };
}

const runner = globalThis as Runner;

/** Declares one `it` a check. Call it at the top level of a spec. */
export const declareChecks = (title: string, checks: readonly Check[], skips: readonly Skip[] = []): void => {
  const { describe, it } = runner;
  if (!describe || !it) throw new Error('A conformance suite is declared in a spec file, under a test runner.');
  describe(title, () => {
    for (const { id, title: behaviour, run, timeoutMs } of withSkipChecks(checks, skips)) {
      const skip = skips.find((candidate) => isSkipped(candidate, id));
      if (skip) it.skip(`${id}: ${behaviour} (skipped: ${skip.reason})`, () => {});
      else it(`${id}: ${behaviour}`, async () => run(), timeoutMs ?? 5_000);
    }
  });
};

/** The spec file that runs now, where the runner tells it. */
export const specPath = (): string | undefined => runner.expect?.getState?.().testPath;
