export * from './alert.js';
export * from './callback.js';
export * from './told-call.js';
