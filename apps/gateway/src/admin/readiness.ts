// Whether this gateway can take traffic, by Terminus, which is loaded when somebody first asks: a start need not wait.
import { Inject, Injectable } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import type { HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { DEGRADED_STATES } from '../runtime/degraded-states.js';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { VERSION } from '../version.js';

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

  /** What anybody is told. */
  summary(): Record<string, unknown> {
    const { config, ledger, degraded } = this.runtime;
    return {
      status: 'healthy',
      db: ledger ? (ledger.isAway ? 'disconnected' : 'connected') : 'Not connected',
      cache: config.cache?.enabled ? config.cache.plugin.replace(/^cache\./, '') : null,
      litellm_version: VERSION,
      success_callbacks: [...config.callbacks.both, ...config.callbacks.success],
      degraded,
      warnings: config.warnings.filter(({ kind }) => kind === 'security').map(({ message }) => message),
    };
  }

  /** What an operator is told besides. */
  diagnostics(): Record<string, unknown> {
    const { config, current, callsUnderWay, journal } = this.runtime;
    return {
      log_level: config.logging.level.toUpperCase(),
      is_detailed_debug: config.logging.detailedDebug,
      states: Object.fromEntries(DEGRADED_STATES.map((state) => [state.name, state.isOn(this.runtime)])),
      plugins: current.graph
        .all()
        .map(({ id, status, hooks }) => ({ id, status: hooks.isResting ? 'resting' : status })),
      strategy: current.strategyId,
      num_workers: config.server.numWorkers,
      in_flight_requests: callsUnderWay,
      queue_waiting: current.waitingRoom?.size ?? 0,
      journal: journal?.stats() ?? null,
      warnings: config.warnings.map(({ kind, message, where }) => ({ kind, message, where })),
    };
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
