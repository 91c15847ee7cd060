export * from './answer-texts.js';
export * from './ask-service.js';
export * from './finding-stream.js';
export * from './findings.js';
export * from './folded-text.js';
export * from './placeholders.js';
export * from './text-stream.js';
export * from './texts.js';
