export * from './answer-stream.js';
export * from './guardrail.js';
export * from './run.js';
