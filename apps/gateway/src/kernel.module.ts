// The kernel and the runtime around it, as one dynamic Nest module.
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Kernel } from '@turnpike/kernel';
import { MetricsText, RUNTIME } from './runtime/tokens.js';
import type { Runtime } from './runtime/runtime.js';

@Global()
@Module({})
export class KernelModule {
  static forRuntime(runtime: Runtime, metricsText: () => Promise<string>): DynamicModule {
    return {
      module: KernelModule,
      providers: [
        { provide: RUNTIME, useValue: runtime },
        { provide: Kernel, useValue: runtime.kernel },
        { provide: MetricsText, useValue: new MetricsText(metricsText) },
      ],
      exports: [RUNTIME, Kernel, MetricsText],
    };
  }
}
