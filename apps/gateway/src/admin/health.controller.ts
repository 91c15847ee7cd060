// Health: alive, ready, and how the models are.
import { Controller, Get, Header, Inject, Query, Req, UseGuards } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import type { FastifyRequest } from 'fastify';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { AdminGuard } from './admin.guard.js';
import { Documented } from './documented.js';
import { HealthChecks } from './health-checks.service.js';
import { HealthService, type ModelsHealth } from './health.service.js';
import { Readiness } from './readiness.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly health: HealthService,
    private readonly checks: HealthChecks,
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
    return { ...this.readiness.summary(), details };
  }

  @Get('readiness/details')
  @UseGuards(AdminGuard)
  @Header('cache-control', 'no-store')
  @Documented({ tag: 'health', admin: true, summary: 'Readiness, with each degraded state, plugin and worker setting' })
  async readyInDetail(): Promise<Record<string, unknown>> {
    const { details } = await this.readiness.check();
    return { ...this.readiness.summary(), details, ...this.readiness.diagnostics() };
  }

  /** Without a key: counts only, and nothing goes upstream. An admin gets names, and a look at each provider. */
  @Get()
  @Documented({
    summary: 'Health of the deployments; only an admin makes the gateway ask the providers',
    tag: 'health',
    query: { model: 'of this model only', model_id: 'of this deployment only' },
  })
  async models(
    @Req() request: FastifyRequest,
    @Query('model') model?: string,
    @Query('model_id') modelId?: string,
  ): Promise<ModelsHealth> {
    const principal = await this.health.callerOf(request.headers, request.raw.socket);
    return principal?.isAdmin ? this.health.of({ model, modelId }) : this.health.counts();
  }

  @Get('history')
  @UseGuards(AdminGuard)
  @Documented({
    tag: 'health',
    admin: true,
    summary: 'The last background checks of each deployment, newest first',
    query: {
      model: 'of this model only',
      limit: 'at most so many; 100 unless said otherwise',
      offset: 'from this one on',
    },
  })
  history(
    @Query('model') model?: string,
    @Query('limit') limit = '100',
    @Query('offset') offset = '0',
  ): Record<string, unknown> {
    const [from, most] = [wholeNumber('offset', offset), wholeNumber('limit', limit)];
    const checks = this.checks.history(model);
    return { health_checks: checks.slice(from, from + most), total_records: checks.length, limit: most, offset: from };
  }

  @Get('latest')
  @UseGuards(AdminGuard)
  @Documented({ tag: 'health', admin: true, summary: 'The last background check of each deployment, by its id' })
  latest(): Record<string, unknown> {
    const latest = this.checks.latest();
    return { latest_health_checks: latest, total_models: Object.keys(latest).length };
  }

  @Get('backlog')
  @UseGuards(AdminGuard)
  @Documented({ tag: 'health', admin: true, summary: 'Requests that the worker which answers this is handling' })
  backlog(): { in_flight_requests: number } {
    return { in_flight_requests: this.runtime.callsUnderWay };
  }

  @Get('services')
  @UseGuards(AdminGuard)
  @Documented({
    tag: 'health',
    admin: true,
    summary: 'Whether a configured callback works, as it says itself',
    query: { service: 'name of a configured callback' },
  })
  service(@Query('service') service?: string): Promise<{ status: string; message: string }> {
    return this.checks.service(service);
  }
}

/** @throws GW_INVALID_REQUEST */
const wholeNumber = (name: string, text: string): number => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw invalidRequest(`'${name}' must be a whole number, not '${text.slice(0, 40)}'.`, name);
};
