export * from './guardrail.js';
