export * from './event-splitter.js';
export * from './json-event.js';
export * from './parser.js';
