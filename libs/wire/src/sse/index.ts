export * from './parser.js';
