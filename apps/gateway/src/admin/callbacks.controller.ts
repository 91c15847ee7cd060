// Which callbacks are told of calls, under LiteLLM's names.
import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import type { JsonValue } from '@turnpike/domain';
import type { Runtime } from '../runtime/runtime.js';
import { RUNTIME } from '../runtime/tokens.js';
import { AdminGuard } from './admin.guard.js';
import { Documented } from './documented.js';
import { KeyGuard } from './key.guard.js';

@Controller()
export class CallbacksController {
  constructor(@Inject(RUNTIME) private readonly runtime: Runtime) {}

  @Get(['settings', 'active/callbacks'])
  @UseGuards(KeyGuard)
  @Documented({ tag: 'operations', summary: 'Callbacks, alerting and timeout that are in effect' })
  settings(): Record<string, JsonValue> {
    const { callbacks, router, kept } = this.runtime.config;
    const { both, success, failure } = callbacks;
    const alerting = kept.general['alerting'] ?? null;
    return {
      alerting,
      'litellm.callbacks': [...both],
      'litellm.input_callback': [],
      'litellm.success_callback': [...success],
      'litellm.failure_callback': [...failure],
      'litellm._async_success_callback': [...success, ...both],
      'litellm._async_failure_callback': [...failure, ...both],
      'litellm.request_timeout': router.requestTimeoutMs / 1_000,
      num_callbacks: new Set([...both, ...success, ...failure]).size,
      num_alerting: Array.isArray(alerting) ? alerting.length : 0,
    };
  }

  @Get('callbacks/list')
  @UseGuards(AdminGuard)
  @Documented({ tag: 'operations', admin: true, summary: 'Callbacks by what they are told of' })
  list(): Record<string, readonly string[]> {
    const { both, success, failure } = this.runtime.config.callbacks;
    return { success, failure, success_and_failure: both };
  }
}
