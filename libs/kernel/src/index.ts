/** Finds, checks, sets up, starts, stops and lists plugins. Knows contracts, knows no plugin. */
export * from './catalogue.js';
export * from './containment.js';
export * from './find.js';
export * from './graph.js';
export * from './host.js';
export * from './http/index.js';
export * from './instance.js';
export * from './kernel.js';
export * from './module-check.js';
export * from './shared-state.js';
