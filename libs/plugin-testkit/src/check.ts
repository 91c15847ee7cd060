// What every suite is made of: a name and a function that throws when the plugin breaks the rule.

export interface Check {
  /** Path such as `chat-tools/body` or `manifest/id`; what a skip names, whole or by its first segments. */
  readonly id: string;
  /** The behaviour in words. */
  readonly title: string;
  run(): void | Promise<void>;
  /** Longest run; 5,000 by default. */
  readonly timeoutMs?: number;
}

/** A check that a plugin may not pass, and why. One that matches no check fails. */
export interface Skip {
  /** Id of a check, or of a fixture case with all its checks. */
  readonly case: string;
  readonly reason: string;
}

export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

/** @throws ConformanceError */
export const fail = (message: string, cause?: unknown): never => {
  throw new ConformanceError(message, cause === undefined ? undefined : { cause });
};

/** @throws ConformanceError unless `condition` holds */
export function must(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) fail(typeof message === 'string' ? message : message());
}

export const check = (id: string, title: string, run: Check['run'], timeoutMs?: number): Check => ({
  id,
  title,
  run,
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
});

export const isSkipped = (skip: Skip, id: string): boolean => id === skip.case || id.startsWith(`${skip.case}/`);

/** Adds a check per skip: it must name a check that exists, and say why. */
export const withSkipChecks = (checks: readonly Check[], skips: readonly Skip[]): Check[] => [
  ...checks,
  ...skips.map((skip) =>
    check(`skips/${skip.case}`, 'names a check of this plugin and gives a reason', () => {
      must(skip.reason.trim() !== '', `The skip '${skip.case}' gives no reason.`);
      must(
        checks.some(({ id }) => isSkipped(skip, id)),
        () => `The skip '${skip.case}' matches no check. Checks: ${checks.map(({ id }) => id).join(', ')}`,
      );
    }),
  ),
];

/** Runs checks without a test runner. @returns check id → what it threw, for those that failed */
export const failuresOf = async (checks: readonly Check[]): Promise<Record<string, unknown>> => {
  const failures: Record<string, unknown> = {};
  for (const { id, run } of checks) {
    try {
      await run();
    } catch (error) {
      failures[id] = error;
    }
  }
  return failures;
};
