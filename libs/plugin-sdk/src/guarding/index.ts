export * from './ask-service.js';
export * from './call-memory.js';
export * from './findings.js';
export * from './folded-text.js';
export * from './placeholders.js';
export * from './texts.js';
