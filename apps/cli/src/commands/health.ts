// `turnpike health`: a container's health check.
const TIMEOUT_MS = 5_000;
const DEFAULT_PORT = 4_000;

export const checkHealth = async ({ port, url }: { port?: number; url?: string }): Promise<void> => {
  const base =
    url ?? `http://127.0.0.1:${port ?? (process.env['PORT'] || DEFAULT_PORT)}${process.env['SERVER_ROOT_PATH'] ?? ''}`;
  try {
    const answer = await fetch(new URL(`${base.replace(/\/+$/, '')}/health/readiness`), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { degraded = [] } = (await answer.json()) as { degraded?: string[] };
    process.stdout.write(
      answer.ok
        ? `ready${degraded.length > 0 ? ` (degraded: ${degraded.join('; ')})` : ''}\n`
        : `not ready (status ${answer.status})\n`,
    );
    process.exitCode = answer.ok ? 0 : 1;
  } catch (error) {
    const reason =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
    process.stdout.write(`not ready: ${reason}\n`);
    process.exitCode = 1;
  }
};
