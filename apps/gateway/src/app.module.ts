// The control plane: every controller and what they need.
import { Module, type DynamicModule } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { AdminGuard } from './admin/admin.guard.js';
import { DocsController } from './admin/docs.controller.js';
import { HealthController } from './admin/health.controller.js';
import { HealthService } from './admin/health.service.js';
import { MetricsController } from './admin/metrics.controller.js';
import { PluginsController } from './admin/plugins.controller.js';
import { Readiness } from './admin/readiness.js';
import { RoutesController } from './admin/routes.controller.js';
import { OpenApi } from './admin/openapi.js';
import { KernelModule } from './kernel.module.js';
import type { Runtime } from './runtime/runtime.js';

@Module({})
export class AppModule {
  static forRuntime(runtime: Runtime, metricsText: () => Promise<string>): DynamicModule {
    return {
      module: AppModule,
      imports: [
        KernelModule.forRuntime(runtime, metricsText),
        PrometheusModule.register({ controller: MetricsController, defaultMetrics: { enabled: true } }),
      ],
      controllers: [HealthController, PluginsController, RoutesController, DocsController],
      providers: [AdminGuard, HealthService, Readiness, OpenApi],
    };
  }
}
