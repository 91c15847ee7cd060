// The control plane: every controller and what they need.
import { Module, type DynamicModule } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { AdminGuard } from './admin/admin.guard.js';
import { CacheController } from './admin/cache.controller.js';
import { CostController } from './admin/cost.controller.js';
import { DocsController } from './admin/docs.controller.js';
import { CallbacksController } from './admin/callbacks.controller.js';
import { HealthChecks } from './admin/health-checks.service.js';
import { GuardrailsController } from './admin/guardrails.controller.js';
import { HealthController } from './admin/health.controller.js';
import { HealthService } from './admin/health.service.js';
import { LEDGER_CONTROLLERS } from './admin/ledger/ledger-controllers.js';
import { LedgerGuard } from './admin/ledger/ledger.guard.js';
import { CallerGuard } from './admin/caller.guard.js';
import { MetricsController } from './admin/metrics.controller.js';
import { ModelInfoController } from './admin/model-info.controller.js';
import { PluginsController } from './admin/plugins.controller.js';
import { Readiness } from './admin/readiness.js';
import { RouterController } from './admin/router.controller.js';
import { RoutesController } from './admin/routes.controller.js';
import { OpenApi } from './admin/openapi.js';
import { KernelModule } from './kernel.module.js';
import type { KnownRoutes } from './routes/known-routes.js';
import type { Runtime } from './runtime/runtime.js';
import type { AllWorkers } from './runtime/tokens.js';

@Module({})
export class AppModule {
  static forRuntime(runtime: Runtime, allWorkers: AllWorkers, routes: KnownRoutes): DynamicModule {
    return {
      module: AppModule,
      imports: [
        KernelModule.forRuntime(runtime, allWorkers, routes),
        PrometheusModule.register({ controller: MetricsController, defaultMetrics: { enabled: false } }),
      ],
      controllers: [
        HealthController,
        CallbacksController,
        PluginsController,
        CacheController,
        RouterController,
        ModelInfoController,
        GuardrailsController,
        RoutesController,
        DocsController,
        CostController,
        ...LEDGER_CONTROLLERS,
      ],
      providers: [AdminGuard, CallerGuard, LedgerGuard, HealthService, HealthChecks, Readiness, OpenApi],
    };
  }
}
