export * from './ask-service.js';
export * from './findings.js';
export * from './folded-text.js';
export * from './texts.js';
