// Prometheus' door. Public, unless `require_auth_for_metrics_endpoint` closes it.
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { register } from 'prom-client';
import type { Runtime } from '../runtime/runtime.js';
import { AllWorkers, RUNTIME } from '../runtime/tokens.js';
import { Documented } from './documented.js';

@Controller()
export class MetricsController extends PrometheusController {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly workers: AllWorkers,
  ) {
    super();
  }

  @Get()
  @Documented({ summary: 'Metrics in the Prometheus text format', tag: 'operations' })
  override async index(@Res({ passthrough: true }) reply: unknown, @Req() request?: FastifyRequest): Promise<string> {
    const { auth, metrics } = this.runtime.config;
    if (metrics.requireAuth)
      await this.runtime.keys.authenticateAdmin(request?.headers ?? {}, auth, '/metrics', request?.raw.socket);
    void (reply as FastifyReply).header('content-type', register.contentType);
    return this.workers.metricsText();
  }
}
