// Whether this gateway can take traffic, by Terminus, which is loaded when somebody first asks: a start need not wait.
import { Inject, Injectable } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import type { HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';

interface Checker {
  checks: HealthCheckService;
  indicators: HealthIndicatorService;
}

@Injectable()
export class Readiness {
  private checker: Promise<Checker> | undefined;

  constructor(
    private readonly modules: LazyModuleLoader,
    @Inject(RUNTIME) private readonly runtime: Runtime,
  ) {}

  /** What is merely away does not count here; it stands in `degraded`. @throws Nest's 503 with the same body */
  async check(): Promise<HealthCheckResult> {
    const { checks, indicators } = await (this.checker ??= this.load());
    const { graph } = this.runtime.current;
    return checks.check([
      () =>
        graph.all().length > 0 ? indicators.check('plugins').up() : indicators.check('plugins').down('none is running'),
      () =>
        this.runtime.isDraining ? indicators.check('traffic').down('shutting down') : indicators.check('traffic').up(),
    ]);
  }

  private async load(): Promise<Checker> {
    const terminus = await import('@nestjs/terminus');
    const loaded = await this.modules.load(() => terminus.TerminusModule.forRoot({ logger: false }));
    return {
      checks: await loaded.resolve(terminus.HealthCheckService),
      indicators: loaded.get(terminus.HealthIndicatorService),
    };
  }
}
