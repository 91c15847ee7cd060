export * from './call.js';
export * from './operation.js';
export * from './provider.js';
