// How the deployments did when they were last checked. One worker checks, and all know.
import type { Deployment, JsonValue } from '@turnpike/domain';
import type { SharedState } from '@turnpike/plugin-sdk';
import { checkDeployment } from './deployment-check.js';
import type { Runtime } from './runtime.js';

/** Checks of one deployment that are remembered. */
const MAX_REMEMBERED = 10;

export interface Check {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly ms: number;
  /** Absent: it was well. */
  readonly problem?: string;
}

export class HealthBoard {
  checks = 0;
  private isChecking = false;

  constructor(
    private readonly runtime: Runtime,
    /** Told to the other workers. */
    private readonly shared: SharedState,
  ) {}

  /** Oldest first; empty: it was not checked yet. */
  of({ id }: Pick<Deployment, 'id'>): readonly Check[] {
    const told = this.shared.get(id);
    return Array.isArray(told) ? (told as readonly unknown[]).filter(isCheck) : [];
  }

  /** Those that may be checked, so many at a time. Never rejects. */
  async checkAll(): Promise<void> {
    if (this.isChecking) return;
    this.isChecking = true;
    try {
      const { config } = this.runtime;
      const waiting = config.deployments.filter(({ info }) => info['disable_background_health_check'] !== true);
      const next = async (): Promise<void> => {
        for (let one = waiting.shift(); one; one = waiting.shift()) await this.check(one);
      };
      await Promise.all(Array.from({ length: config.health.concurrency }, next));
    } finally {
      this.isChecking = false;
    }
  }

  /** A worker that is new knows nothing of former checks. */
  tellAll(): void {
    for (const deployment of this.runtime.config.deployments) {
      const checks = this.of(deployment);
      if (checks.length > 0) this.shared.set(deployment.id, checks as unknown as JsonValue);
    }
  }

  private async check(deployment: Deployment): Promise<void> {
    const callable = this.runtime.current.callable(deployment.id);
    if (!callable) return;
    const startedAt = performance.now();
    const problem = await checkDeployment(this.runtime, callable);
    this.checks += 1;
    const check: Check = {
      at: Date.now(),
      ms: Math.round(performance.now() - startedAt),
      ...(problem !== undefined && { problem }),
    };
    const former = this.of(deployment);
    this.shared.set(deployment.id, [...former, check].slice(-MAX_REMEMBERED) as unknown as JsonValue);
    if (problem !== undefined && former.at(-1)?.problem !== problem)
      this.runtime.log.warn('a health check failed', {
        model: deployment.modelName,
        deployment: deployment.id,
        problem,
      });
  }
}

const isCheck = (value: unknown): value is Check =>
  typeof value === 'object' && value !== null && typeof (value as { at?: unknown }).at === 'number';
