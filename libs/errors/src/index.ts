/** Error codes, the error class, and the check that recognises it. */
export * from './error-body.js';
export * from './gateway-error.js';
export * from './retry-after.js';
export * from './table.js';
export * from './upstream.js';
