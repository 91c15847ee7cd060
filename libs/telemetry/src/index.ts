/** Logger, metrics and the masking of secrets. */
export * from './logger.js';
export * from './metric-sources.js';
export * from './metric-table.js';
export * from './metric-view.js';
export * from './metrics-sum.js';
export * from './process-metrics.js';
export * from './redact.js';
