export * from './event-splitter.js';
export * from './parser.js';
