/** Error codes, the error class, and the check that recognises it. */
export * from './gateway-error.js';
export * from './table.js';
export * from './upstream.js';
