/** Logger, metrics and the masking of secrets. */
export * from './logger.js';
export * from './metrics.js';
export * from './metrics-sum.js';
export * from './process-metrics.js';
export * from './redact.js';
