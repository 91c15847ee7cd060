// Health: alive, ready, and how the models are.
import { Controller, Get, Header, Inject, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { VERSION } from '../version.js';
import { Documented } from './documented.js';
import { HealthService, type ModelsHealth } from './health.service.js';
import { Readiness } from './readiness.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly health: HealthService,
    @Inject(RUNTIME) private readonly runtime: Runtime,
  ) {}

  /** Asks nothing but the event loop. */
  @Get(['liveliness', 'liveness'])
  @Header('content-type', 'application/json')
  @Documented({ tag: 'health', summary: "JSON string `I'm alive!`" })
  alive(): string {
    return JSON.stringify("I'm alive!");
  }

  @Get('readiness')
  @Header('cache-control', 'no-store')
  @Documented({ tag: 'health', summary: '503 only while starting or draining; what is away stands in `degraded`' })
  async ready(): Promise<Record<string, unknown>> {
    const { details } = await this.readiness.check();
    const { config } = this.runtime;
    return {
      status: 'healthy',
      db: 'Not connected',
      cache: config.cache?.enabled ? config.cache.plugin.replace(/^cache\./, '') : null,
      litellm_version: VERSION,
      success_callbacks: [...config.callbacks.both, ...config.callbacks.success],
      degraded: this.runtime.degraded,
      warnings: config.warnings.filter(({ kind }) => kind === 'security').map(({ message }) => message),
      details,
    };
  }

  /** Without a key: counts only, and nothing goes upstream. An admin gets names, and a look at each provider. */
  @Get()
  @Documented({
    tag: 'health',
    summary: 'Health of the deployments; only an admin makes the gateway ask the providers',
  })
  async models(@Req() request: FastifyRequest, @Query('model') model?: string): Promise<ModelsHealth> {
    const principal = await this.health.callerOf(request.headers, request.raw.socket);
    return principal?.isAdmin ? this.health.ask(model) : this.health.counts();
  }
}
