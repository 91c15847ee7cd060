/** Model group → deployment. No I/O. */
export * from './live-state.js';
export * from './model-index.js';
export * from './router.js';
