// All figures that are read from the runtime when somebody asks for the metrics.
import type { MetricSource } from '@turnpike/telemetry';
import type { Runtime } from '../../runtime/runtime.js';
import { budgetSources } from './budgets.js';
import { callbackSources } from './callbacks.js';
import { callerLimitSources } from './caller-limits.js';
import { deploymentSources } from './deployments.js';
import { journalSources } from './journal.js';
import { runtimeSources } from './runtime.js';
import { upstreamLimitSources } from './upstream-limits.js';

export const gatewaySources = (runtime: Runtime): readonly MetricSource[] => [
  ...runtimeSources(runtime),
  ...deploymentSources(runtime),
  ...upstreamLimitSources(runtime),
  ...callerLimitSources(runtime),
  ...budgetSources(runtime),
  ...callbackSources(runtime),
  ...journalSources(runtime),
];
