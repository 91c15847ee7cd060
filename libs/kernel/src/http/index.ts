export * from './client.js';
export * from './egress-guard.js';
export * from './errors.js';
export * from './settings.js';
