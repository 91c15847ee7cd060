/** Wire formats, each from and to the domain types, and the framing they share. Formats, not vendors. */
export * from './anthropic/index.js';
export * from './chunks.js';
export * from './join-chunks.js';
export * from './faults.js';
export * from './gemini/index.js';
export * from './json-depth.js';
export * from './openai/index.js';
export * from './parameters.js';
export * from './sse/index.js';
export * from './stream.js';
export * from './fields.js';
export * from './media.js';
export * from './stream-tap.js';
