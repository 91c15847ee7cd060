export * from './alert-memory.js';
export * from './alert-text.js';
export * from './content.js';
export * from './gen-ai-messages.js';
export * from './gen-ai-spans.js';
export * from './otlp.js';
export * from './post.js';
export * from './standard-payload.js';
