// The kernel and the runtime around it, as one dynamic Nest module.
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Kernel } from '@turnpike/kernel';
import { KnownRoutes } from './routes/known-routes.js';
import { AllWorkers, RUNTIME } from './runtime/tokens.js';
import type { Runtime } from './runtime/runtime.js';

@Global()
@Module({})
export class KernelModule {
  static forRuntime(runtime: Runtime, allWorkers: AllWorkers, routes: KnownRoutes): DynamicModule {
    return {
      module: KernelModule,
      providers: [
        { provide: RUNTIME, useValue: runtime },
        { provide: Kernel, useValue: runtime.kernel },
        { provide: AllWorkers, useValue: allWorkers },
        { provide: KnownRoutes, useValue: routes },
      ],
      exports: [RUNTIME, Kernel, AllWorkers, KnownRoutes],
    };
  }
}
